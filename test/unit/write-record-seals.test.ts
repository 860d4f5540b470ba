import { readFileSync } from 'node:fs';
import { clone } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import { ReportSchema, type Report } from '@lachan/proto/report';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import { completeReport, goodReport } from '../support/arbitrary-report.js';
import { opened, recordOf } from '../support/gateway-records.js';
import { good, reportOf, type Init } from '../support/reports.js';

/** `Message.field` of everything that the contract says is sealed. */
const sealedFields: ReadonlySet<string> = sealedByContract();

function sealedByContract(): Set<string> {
  const lines = readFileSync(new URL('../../proto/lachan/v1/report.proto', import.meta.url), 'utf8').split(
    '\n',
  );
  const found = new Set<string>();
  let message = '';
  let comment = '';
  for (const line of lines) {
    message = /^message (\w+)/.exec(line)?.[1] ?? message;
    const field = /^ {2}(?:repeated |optional )?\w+ (\w+) = \d+;/.exec(line)?.[1];
    if (field !== undefined && /\bSealed\b/.test(comment)) found.add(`lachan.v1.${message}.${field}`);
    comment = /^ *\/\//.test(line) ? comment + line : '';
  }
  return found;
}

/** A text of its own for every sealed value of a report, and what has to be sealed under which path. */
interface Marked {
  readonly report: Report;
  readonly sealed: Readonly<Record<string, string>>;
}

function mark(init: Init): Marked {
  const report = clone(ReportSchema, reportOf(init));
  const sealed: Record<string, string> = {};
  markMessage(reflect(ReportSchema, report), '', sealed);
  return { report, sealed };
}

function markMessage(message: ReflectMessage, path: string, sealed: Record<string, string>): void {
  const secret = (name: string, at: string): string => {
    const number = Object.keys(sealed).length;
    const text = textFor(name, number);
    sealed[at] = text;
    return text;
  };
  for (const field of message.fields) {
    const at = path === '' ? field.name : `${path}.${field.name}`;
    const isSealed = sealedFields.has(`${message.desc.typeName}.${field.name}`);
    if (field.fieldKind === 'message' && message.isSet(field)) markMessage(message.get(field), at, sealed);
    if (field.fieldKind === 'list' && field.listKind === 'message') {
      let index = 0;
      for (const entry of message.get(field))
        markMessage(entry as ReflectMessage, `${at}[${index++}]`, sealed);
    }
    if (field.fieldKind === 'list' && isSealed) {
      const list = message.get(field);
      for (let i = 0; i < list.size; i += 1) list.set(i, secret(field.name, `${at}[${i}]`));
    }
    if (field.fieldKind === 'scalar' && isSealed && message.get(field) !== '') {
      message.set(field, secret(field.name, at));
    }
  }
}

const MARK = /lachan-secret-|2001:db8:5ec:/i;
function textFor(name: string, number: number): string {
  if (name === 'uploader_ip') return `2001:db8:5ec:${number.toString(16)}::1`;
  const text = `lachan-secret-${number}-`;
  return name === 'url' ? `https://${text}:${text}@lachan-demo-1.vn/${text}?${text}#${text}` : text;
}

describe('what the contract calls sealed', () => {
  it('are the fields that hold addresses, accounts and free text', () => {
    expect([...sealedFields].map((name) => name.replace('lachan.v1.', '')).sort()).toEqual([
      'Bundle.reason',
      'Decision.legal_reference',
      'Item.uploader_ip',
      'Location.content_id',
      'Location.url',
      'Report.additional_info',
      'Report.keywords',
      'Report.retraction_reason',
      'Report.urgency_reason',
      'Subject.account',
    ]);
  });

  it('ends up sealed under its path, and nothing else does', () => {
    fc.assert(
      fc.property(goodReport, (init) => {
        const { report, sealed } = mark(init);
        expect(opened(recordOf(report))).toEqual(sealed);
      }),
    );
  });

  it('stands in no open field of the record, nor in its bytes', () => {
    fc.assert(
      fc.property(completeReport, (init) => {
        const { report, sealed } = mark(init);
        fc.pre(Object.keys(sealed).length > 0);
        const record = recordOf(report);
        const open = { ...record, sealed: record.sealed.map(({ field }) => field) };
        expect(JSON.stringify(open)).not.toMatch(MARK);
        expect(reportRecordCodec.encode(record).toString('latin1')).not.toMatch(MARK);
      }),
    );
  });

  it('is not sealed where nothing was given', () => {
    expect(Object.keys(opened(recordOf(good)))).toEqual(['locations[0].url']);
  });
});

describe('a sealed text', () => {
  const decomposed = 'Tre\u0309 em \u0111u\u031bo\u031b\u0323c';
  const composed = decomposed.normalize('NFC');

  it('is in normal form C', () => {
    const record = recordOf({
      ...good,
      keywords: [decomposed],
      urgencyReason: decomposed,
      additionalInfo: decomposed,
      decision: { legalReference: decomposed },
      bundle: { id: 'b', incidentCount: 1, reason: decomposed },
    });
    expect(opened(record)).toMatchObject({
      'keywords[0]': composed,
      urgency_reason: composed,
      additional_info: composed,
      'decision.legal_reference': composed,
      'bundle.reason': composed,
    });
    const retraction = recordOf({ reportId: 'r', kind: 3, revision: 1, retractionReason: decomposed });
    expect(opened(retraction)).toEqual({ retraction_reason: composed });
  });

  it('is left as it was reported where it identifies: URLs, content ids and accounts', () => {
    const url = `https://lachan-demo-1.vn:443/%7e/${decomposed}#x`;
    const record = recordOf({
      ...good,
      serviceName: 's',
      locations: [{ url }, { contentId: decomposed }],
      subjects: [{ role: 1, account: decomposed }],
    });
    expect(opened(record)).toEqual({
      'locations[0].url': url,
      'locations[1].content_id': decomposed,
      'subjects[0].account': decomposed,
    });
  });
});

describe('the token beside a sealed value', () => {
  const tokensOf = (init: Init, from: Parameters<typeof recordOf>[1] = {}): Record<string, string> =>
    Object.fromEntries(
      recordOf({ ...good, ...init }, from).sealed.map(({ field, token }) => [
        field,
        Buffer.from(token).toString('hex'),
      ]),
    );

  it('is that of its location, for addresses', () => {
    const { sealed, locations } = recordOf({ ...good, serviceName: 's', locations: [{ contentId: 'c' }] });
    expect(sealed[0]?.token).toEqual(locations[0]?.key);
  });

  it('is the same for the same keyword, wherever it stands', () => {
    const tokens = tokensOf({ keywords: ['a', 'b', 'a'] });
    expect(tokens['keywords[0]']).toBe(tokens['keywords[2]']);
    expect(tokens['keywords[0]']).not.toBe(tokens['keywords[1]']);
  });

  it('is another for the same text in a field that means something else', () => {
    const tokens = tokensOf({
      keywords: ['x'],
      urgencyReason: 'x',
      additionalInfo: 'x',
      subjects: [{ role: 1, account: 'x' }],
    });
    expect(new Set(Object.values(tokens)).size).toBe(5);
  });

  it('is the same for an account of one provider in all its roles, and another for another provider', () => {
    const init: Init = {
      subjects: [
        { role: 1, account: 'x' },
        { role: 3, account: 'x' },
      ],
    };
    const tokens = tokensOf(init);
    expect(tokens['subjects[0].account']).toBe(tokens['subjects[1].account']);
    expect(tokensOf(init, { providerId: 'provider-b' })['subjects[0].account']).not.toBe(
      tokens['subjects[0].account'],
    );
  });

  it('never meets that of the other environment', () => {
    const init: Init = { keywords: ['x'], additionalInfo: 'x', subjects: [{ role: 1, account: 'x' }] };
    const inTest = Object.values(tokensOf(init));
    const inProduction = Object.values(tokensOf(init, { environment: 'PRODUCTION' }));
    expect(inTest).toHaveLength(4);
    expect(new Set([...inTest, ...inProduction]).size).toBe(8);
  });
});
