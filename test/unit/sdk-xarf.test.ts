import { inspect } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  Assessor,
  Category,
  Channel,
  ContentType,
  DecisionAccount,
  DecisionVisibility,
  DetectionMethod,
  ExternalSystem,
  FingerprintAlgorithm,
  Precision,
  ReportSchema,
  SeverityAxis,
  SubjectRole,
  type Report,
} from '@lachan/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportFromXarf } from '../../sdk/xarf.js';
import * as values from '../../sdk/xarf-values.js';
import sample from '../fixtures/xarf/samples/v4/content-csam.json' with { type: 'json' };
import base from '../fixtures/xarf/schemas/v4/types/content-base.json' with { type: 'json' };
import csam from '../fixtures/xarf/schemas/v4/types/content-csam.json' with { type: 'json' };
import csem from '../fixtures/xarf/schemas/v4/types/content-csem.json' with { type: 'json' };
import core from '../fixtures/xarf/schemas/v4/xarf-core.json' with { type: 'json' };
import master from '../fixtures/xarf/schemas/v4/xarf-v4-master.json' with { type: 'json' };

/** What the schemas require and nothing else. */
const MATERIAL = {
  xarf_version: '4.2.0',
  report_id: 'f7a8b9c0-d1e2-4456-8abc-def012345678',
  timestamp: '2026-01-20T10:30:00Z',
  reporter: { org: 'Lachan Demo', contact: 'safety@lachan-demo-1.vn', domain: 'lachan-demo-1.vn' },
  sender: { org: 'Lachan Demo', contact: 'safety@lachan-demo-1.vn', domain: 'lachan-demo-1.vn' },
  source_identifier: '192.0.2.7',
  category: 'content',
  type: 'csam',
  url: 'https://lachan-demo-1.vn/x',
  classification: 'B1',
  detection_method: 'hash_match',
};
const EXPLOITATION = {
  ...MATERIAL,
  classification: undefined,
  type: 'csem',
  exploitation_type: 'grooming',
  detection_method: 'user_report',
};

function read(document: unknown): Report {
  const answer = reportFromXarf(document);
  if (!answer.ok) throw new Error(JSON.stringify(answer.violations));
  return create(ReportSchema, answer.report);
}
function faults(document: unknown): string[] {
  const answer = reportFromXarf(document);
  return answer.ok ? [] : answer.violations.map(({ field, rule }) => `${field} ${rule}`);
}
const passedOver = (document: unknown): readonly string[] => {
  const answer = reportFromXarf(document);
  return answer.ok ? answer.passedOver : ['refused'];
};

describe('the published sample of child sexual abuse material', () => {
  it('is read member by member', () => {
    const report = read(sample);
    expect(report).toMatchObject({
      reportId: 'b7ca7591-811e-4d40-83d9-dc043c08555d',
      category: Category.CSAM,
      additionalCategories: [],
      severities: [{ axis: SeverityAxis.INDUSTRY, grade: 'A1', assessedBy: Assessor.PROVIDER }],
      locations: [{ url: 'https://example.com/illegal-content', hostIp: '198.51.100.42' }],
      items: [
        {
          contentTypes: [ContentType.IMAGE],
          fingerprints: [
            {
              algorithm: FingerprintAlgorithm.SHA256,
              value: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
            },
          ],
        },
      ],
      detectionMethod: DetectionMethod.HASH_EXACT,
      decision: { visibility: [DecisionVisibility.REMOVED], account: DecisionAccount.SUSPENDED },
      externalRefs: [{ system: ExternalSystem.NCMEC, id: '12345678' }],
      keywords: ['csam:detected', 'classification:a1'],
      annotations: ['x-xarf:type/csam'],
      additionalInfo: '',
    });
    for (const time of [report.incidentAt, report.detectedAt]) {
      expect(time?.instant && timestampDate(time.instant).toISOString()).toBe('2025-01-20T10:30:00.000Z');
      expect(time?.precision).toBe(Precision.SECOND);
    }
  });

  it('holds nothing that this version passes over', () => {
    expect(passedOver(sample)).toEqual([]);
  });
});

describe('the published examples of the schemas', () => {
  it('are reports', () => {
    expect(read(csam.examples[0])).toMatchObject({ category: Category.CSAM });
    expect(read(csem.examples[0])).toMatchObject({
      category: Category.GROOMING,
      detectionMethod: DetectionMethod.BEHAVIOURAL,
      channel: Channel.OTHER,
      subjects: [{ role: SubjectRole.REPORTED, account: 'user123456' }],
      annotations: [
        'x-xarf:type/csem',
        'x-xarf:platform/social_media',
        'x-xarf:victim_age_range/pubescent',
        'x-xarf:evidence_type/chat_logs',
        'x-xarf:evidence_type/user_profile',
        'x-xarf:reporting_obligations/NCMEC',
        'x-xarf:reporting_obligations/local_law_enforcement',
        'x-xarf:reporting_obligations/platform_safety_team',
      ],
    });
  });

  it('name no member and no value that is not known here', () => {
    const schemas = [core, base.allOf[1], csam.allOf[1], csem.allOf[1]];
    const members = schemas.flatMap((schema) => Object.keys(schema?.properties ?? {}));
    expect([...values.XARF_MEMBERS].sort()).toEqual([...new Set(members)].sort());

    const material = csam.allOf[1]?.properties;
    const abuse = csem.allOf[1]?.properties;
    const known = (meanings: ReadonlyMap<string, unknown>): string[] => [...meanings.keys()].sort();
    expect(known(values.CLASSIFICATION)).toEqual(material?.classification.enum.toSorted());
    expect(known(values.MEDIA)).toEqual(material?.media_type.enum.toSorted());
    expect(known(values.HASHES)).toEqual(Object.keys(material?.hash_values.properties ?? {}).sort());
    expect(known(values.EXPLOITATION)).toEqual(abuse?.exploitation_type.enum.toSorted());
    expect(known(values.PLATFORM)).toEqual(abuse?.platform.enum.toSorted());
    expect(known(values.AGE_RANGES)).toEqual(abuse?.victim_age_range.enum.toSorted());
    expect(known(values.EVIDENCE_TYPES)).toEqual(abuse?.evidence_type.items.enum.toSorted());
    expect(known(values.OBLIGATIONS)).toEqual(abuse?.reporting_obligations.items.enum.toSorted());
    const methods = [...(material?.detection_method.enum ?? []), ...(abuse?.detection_method.enum ?? [])];
    expect(known(values.DETECTION)).toEqual([...new Set(methods)].sort());
  });
});

describe('the class of a document', () => {
  const classes = master.allOf
    .flatMap(({ anyOf }) => anyOf ?? [])
    .flatMap(({ properties }) =>
      properties.type.enum.map((type) => [properties.category.const, type] as const),
    );
  const others = classes.filter(([, type]) => type !== 'csam' && type !== 'csem');

  it.each(others)('%s/%s is refused with the reason', (category, type) => {
    const answer = reportFromXarf({ ...MATERIAL, category, type });
    const member = category === 'content' ? 'type' : 'category';
    expect(answer).toMatchObject({ ok: false, violations: [{ field: member, rule: 'UNKNOWN_VALUE' }] });
    expect(JSON.stringify(answer)).toContain('only content/csam and content/csem are taken');
  });

  it('is not rescued by our own tag', () => {
    expect(faults({ ...MATERIAL, type: 'fraud', tags: ['x-vn:misleading_domain'] })).toEqual([
      'type UNKNOWN_VALUE',
    ]);
  });

  it('has to be of version 4', () => {
    expect(faults({ ...MATERIAL, xarf_version: '3.0.0' })).toEqual(['xarf_version UNKNOWN_VALUE']);
    expect(read({ ...MATERIAL, xarf_version: '4.9.12' }).reportId).toBe(MATERIAL.report_id);
  });
});

describe('the category', () => {
  it.each<[string, Category]>([
    ['grooming', Category.GROOMING],
    ['solicitation', Category.GROOMING],
    ['sextortion', Category.SEXTORTION],
    ['trafficking', Category.CHILD_SEX_TRAFFICKING],
    ['distribution', Category.EXPLOITATIVE_NOT_CSAM],
    ['production', Category.EXPLOITATIVE_NOT_CSAM],
    ['possession', Category.EXPLOITATIVE_NOT_CSAM],
  ])('of exploitation comes from its type: %s', (type, category) => {
    expect(read({ ...EXPLOITATION, exploitation_type: type }).category).toBe(category);
  });

  it('that is not told apart keeps the word of the document', () => {
    expect(read({ ...EXPLOITATION, exploitation_type: 'production' }).annotations).toContain(
      'x-xarf:exploitation_type/production',
    );
  });

  it('of material is not changed by a member that belongs to exploitation', () => {
    expect(read({ ...MATERIAL, exploitation_type: 'grooming' }).category).toBe(Category.CSAM);
  });

  it('is that of our own tag where there is one, whatever the mapping says', () => {
    for (const [name, category] of values.OWN_CATEGORIES) {
      for (const tag of [`x-vn:${name}`, `x-vn:${name.toLowerCase()}`]) {
        const report = read({ ...MATERIAL, tags: ['a:b', tag] });
        expect(report).toMatchObject({ category, additionalCategories: [], keywords: ['a:b'] });
      }
    }
    expect(values.OWN_CATEGORIES.size).toBe(18);
  });

  it('may be followed by others of our own', () => {
    const tags = ['x-vn:grooming', 'x-vn:csam_synthetic', 'x-vn:grooming'];
    expect(read({ ...EXPLOITATION, tags })).toMatchObject({
      category: Category.GROOMING,
      additionalCategories: [Category.CSAM_SYNTHETIC],
    });
  });

  it('is not taken from a tag that names none of ours', () => {
    const tags = ['x-vn:of_tomorrow', 'x-vn:1', 'x-vn:unspecified'];
    expect(read({ ...MATERIAL, tags })).toMatchObject({ category: Category.CSAM, keywords: tags });
  });
});

describe('how it was found', () => {
  const MD5 = { md5: 'd41d8cd98f00b204e9800998ecf8427e' };
  const PHOTODNA = { photodna: 'AAECAwQF' };

  it.each<[string, object, DetectionMethod]>([
    ['hash_match', { hash_values: MD5 }, DetectionMethod.HASH_EXACT],
    ['hash_match', { hash_values: PHOTODNA }, DetectionMethod.HASH_PERCEPTUAL],
    ['hash_match', { hash_values: { ...MD5, ...PHOTODNA } }, DetectionMethod.HASH_EXACT],
    ['hash_match', {}, DetectionMethod.HASH_EXACT],
    ['ai_detection', { hash_values: PHOTODNA }, DetectionMethod.CLASSIFIER],
    ['manual_review', {}, DetectionMethod.MANUAL_REVIEW],
    ['user_report', {}, DetectionMethod.USER_REPORT],
    ['automated_scan', {}, DetectionMethod.OTHER],
    ['behavioral_analysis', {}, DetectionMethod.BEHAVIOURAL],
    ['keyword_detection', {}, DetectionMethod.KEYWORD],
    ['law_enforcement_referral', {}, DetectionMethod.OTHER],
  ])('%s with %j', (method, more, expected) => {
    expect(read({ ...MATERIAL, detection_method: method, ...more }).detectionMethod).toBe(expected);
  });
});

describe('the members of a document', () => {
  it('of classification go to the industry axis; baseline is no grade of it', () => {
    const graded = (grade: string): Report => read({ ...MATERIAL, classification: grade });
    for (const grade of ['A1', 'A2', 'B1', 'B2'])
      expect(graded(grade).severities).toMatchObject([{ axis: SeverityAxis.INDUSTRY, grade }]);
    expect(graded('baseline')).toMatchObject({
      severities: [],
      annotations: ['x-xarf:type/csam', 'x-xarf:classification/baseline'],
    });
  });

  it.each([
    ['2026-01-20T10:30:00Z', '2026-01-20T10:30:00.000Z', Precision.SECOND],
    ['2026-01-20T10:30:00.125Z', '2026-01-20T10:30:00.125Z', Precision.MS],
    ['2026-01-20T10:30:00.1259999Z', '2026-01-20T10:30:00.125Z', Precision.MS],
    ['2026-01-20t17:30:00+07:00', '2026-01-20T10:30:00.000Z', Precision.SECOND],
  ])('of time: %s', (timestamp, instant, precision) => {
    const { detectedAt } = read({ ...MATERIAL, timestamp });
    expect(detectedAt?.instant && timestampDate(detectedAt.instant).toISOString()).toBe(instant);
    expect(detectedAt?.precision).toBe(precision);
  });

  it('tell the host of material, and nobody’s own connection in the open', () => {
    const hostIp = (document: object): string | undefined => read(document).locations[0]?.hostIp;
    expect(hostIp(MATERIAL)).toBe('192.0.2.7');
    expect(hostIp({ ...MATERIAL, source_identifier: '2001:db8::1' })).toBe('2001:db8::1');
    const named = { ...MATERIAL, source_identifier: 'lachan-demo-2.vn' };
    const shared = { ...MATERIAL, source_port: 40_000 };
    const person = { ...EXPLOITATION, description: 'seen in a group' };
    const acting = { ...MATERIAL, perpetrator_indicators: { ip_addresses: ['192.0.2.7', '192.0.2.8'] } };
    for (const document of [named, shared, person, acting]) expect(hostIp(document)).toBe('');
    expect(read(named).additionalInfo).toBe('source_identifier: lachan-demo-2.vn');
    expect(read(shared).additionalInfo).toBe('source_identifier: 192.0.2.7\nsource_port: 40000');
    expect(read(person).additionalInfo).toBe('description: seen in a group\nsource_identifier: 192.0.2.7');
    expect(read(acting).additionalInfo).toBe(
      'source_identifier: 192.0.2.7\nip_addresses: 192.0.2.7 192.0.2.8',
    );
  });

  it('that this version does not know are counted, and values of tomorrow beside them', () => {
    const document = {
      ...MATERIAL,
      file_hash: {},
      'a name no one prints: https://lachan-demo-3.vn': 1,
      hash_values: { pdq: 'f'.repeat(64) },
      media_type: 'hologram',
      registrar: 'known, and of no use here',
    };
    expect(passedOver(document)).toEqual(['hash_values.pdq', 'media_type', 'file_hash', '(unprintable)']);
    expect(read(document).items).toEqual([]);
  });

  it('may be null where the schemas do not require them', () => {
    expect(read({ ...MATERIAL, confidence: null, tags: null, hash_values: null }).keywords).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['no identifier', { report_id: undefined }, ['report_id REQUIRED']],
    ['an identifier of another kind', { report_id: 'r-1' }, ['report_id FORMAT']],
    ['a number for it', { report_id: 7 }, ['report_id MALFORMED']],
    ['no address', { url: null }, ['url REQUIRED']],
    ['a day for an instant', { timestamp: '2026-01-20' }, ['timestamp FORMAT']],
    ['a day that is none', { timestamp: '2026-02-30T10:30:00Z' }, ['timestamp FORMAT']],
    ['an instant of no zone', { timestamp: '2026-01-20T10:30:00' }, ['timestamp FORMAT']],
    ['another grade', { classification: 'C1' }, ['classification UNKNOWN_VALUE']],
    ['no grade', { classification: undefined }, ['classification REQUIRED']],
    ['another way of detection', { detection_method: 'oracle' }, ['detection_method UNKNOWN_VALUE']],
    ['a text for a truth value', { content_removed: 'yes' }, ['content_removed MALFORMED']],
    ['a text for a number', { confidence: '0.5' }, ['confidence MALFORMED']],
    ['no port', { source_port: 0 }, ['source_port RANGE']],
    ['a text for a list', { tags: 'a:b' }, ['tags MALFORMED']],
    ['a number in a list', { tags: ['a:b', 7] }, ['tags MALFORMED']],
    ['too many tags', { tags: Array(21).fill('a:b') }, ['tags TOO_MANY']],
    ['a tag that is too long', { tags: ['a:b', 'x'.repeat(101)] }, ['tags[1] LENGTH']],
    ['a list for an object', { hash_values: [] }, ['hash_values MALFORMED']],
    ['a number for a digest', { hash_values: { md5: 7 } }, ['hash_values.md5 MALFORMED']],
    ['a long story', { description: 'x '.repeat(1600) }, ['description LENGTH']],
    [
      'several faults at once',
      { report_id: 'r-1', source_identifier: undefined, perpetrator_indicators: { account_id: 1 } },
      ['report_id FORMAT', 'source_identifier REQUIRED', 'perpetrator_indicators.account_id MALFORMED'],
    ],
  ])('with %s are refused by name', (_, wrong, expected) => {
    expect(faults({ ...MATERIAL, ...wrong })).toEqual(expected);
  });

  it('are refused where exploitation does not say of what kind', () => {
    expect(faults({ ...EXPLOITATION, exploitation_type: undefined })).toEqual(['exploitation_type REQUIRED']);
    expect(faults({ ...EXPLOITATION, exploitation_type: 'x' })).toEqual(['exploitation_type UNKNOWN_VALUE']);
  });

  it.each([[undefined], [null], ['{}'], [7], [[MATERIAL]]])('are not found in %j', (document) => {
    expect(faults(document)).toEqual([' MALFORMED']);
  });
});

describe('evidence', () => {
  const MARKER = 'TUFSS0VSLW9mLXRoZS1wYXlsb2Fk';

  it('is never asked for, so that its payload cannot arrive anywhere', () => {
    const evidence = new Proxy([{ content_type: 'image/png', payload: MARKER }], {
      get: () => expect.fail('evidence was read'),
      ownKeys: () => expect.fail('evidence was listed'),
    });
    for (const document of [
      MATERIAL,
      { ...EXPLOITATION, report_id: 'wrong' },
      { ...MATERIAL, type: 'fraud' },
    ])
      expect(reportFromXarf({ ...document, evidence, _internal: { payload: MARKER } })).toBeDefined();
  });

  it('appears neither in a report nor in a refusal', () => {
    const evidence = [{ content_type: 'image/png', payload: MARKER, description: MARKER, hash: MARKER }];
    const wrong = { url: { MARKER }, tags: [MARKER, 7], classification: MARKER, timestamp: MARKER };
    for (const document of [MATERIAL, EXPLOITATION, { ...MATERIAL, ...wrong }])
      expect(inspect(reportFromXarf({ ...document, evidence }), { depth: null })).not.toContain(MARKER);
  });
});

describe('arbitrary JSON', () => {
  const member = fc.constantFrom(...values.XARF_MEMBERS);
  const anything = fc.jsonValue({ maxDepth: 3 });

  it('is a report or the reasons why it is none, and never an error', () => {
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(member, anything)), (document) => {
        const answer = reportFromXarf(document);
        if (!answer.ok) expect(answer.violations.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('in place of any members of a good document is read or refused by their names alone', () => {
    const broken = fc.record({
      good: fc.constantFrom<object>(MATERIAL, EXPLOITATION, sample),
      wrong: fc.dictionary(member, anything, { minKeys: 1, maxKeys: 4 }),
    });
    fc.assert(
      fc.property(broken, ({ good, wrong }) => {
        const answer = reportFromXarf({ ...good, ...wrong });
        if (answer.ok) expect(() => create(ReportSchema, answer.report)).not.toThrow();
        else
          for (const { field, message } of answer.violations) {
            expect(Object.keys(wrong)).toContain(/^\w+/.exec(field)?.[0]);
            expect(message).not.toBe('');
          }
      }),
      { numRuns: 500 },
    );
  });
});
