import { constants, createPrivateKey, privateDecrypt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  Category,
  DetectionMethod,
  ReportKind,
  SubjectRole,
  Urgency,
  type Report,
} from '@lachan/proto/report';
import { ReceiptStatus } from '@lachan/proto/report-service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBox } from '../../gateway/seal.js';
import { Secret } from '../../gateway/secret.js';
import { exampleMessage } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { listOf, Place, recordOf, textOf, type Row } from '../support/lachan-process.js';

/** Stand in every sensitive field; the second changes when it is written as part of a URL. */
const MARK = 'Zq7SecretMark';
const MARK_VN = 'bí mật Zq7';
/** Of the addresses of uploaders, which cannot hold a word. */
const MARK_IP = '2001:db8:5ec:2e7:';
/** Stands where everybody may read it: shows that the searches find what is there. */
const OPEN_MARK = 'Zq7OpenMark';

const REPORTS = 900;
const RETRACTIONS = 100;

/** What report `i` says that nobody but the authority may read, by the path of the field. */
function secretsOf(i: number): Readonly<Record<string, string>> {
  const url = `https://user-${MARK}:word-${MARK}@lachan-demo-1.vn/${MARK}/${i}/${MARK_VN}?q=${MARK}&v=${MARK_VN}#${MARK}`;
  return {
    'locations[0].url': url,
    'locations[1].content_id': `${MARK}/${i}/${MARK_VN}`,
    'items[0].uploader_ip': `${MARK_IP}:${(i + 1).toString(16)}`,
    'items[1].uploader_ip': '203.0.113.77',
    'subjects[0].account': `${MARK}-account-${i}`,
    'subjects[1].account': `${MARK_VN} ${i}`,
    'keywords[0]': `${MARK} ${i}`,
    'keywords[1]': MARK_VN,
    urgency_reason: `${MARK} ${MARK_VN}\n${i}`,
    additional_info: `${i} ${MARK}\t"${MARK_VN}" \\ 👀`,
    'decision.legal_reference': `${MARK} § ${i}`,
    'bundle.reason': `${MARK} ${MARK_VN} ${i}`,
  };
}

function secretReport(i: number): Report {
  const secret = secretsOf(i);
  const of = (field: string): string => secret[field] ?? '';
  return exampleMessage(`s-${i}`, {
    correlationId: `${OPEN_MARK}:${i}`,
    locations: [
      { url: of('locations[0].url') },
      { contentId: of('locations[1].content_id'), serviceName: 'Lachan Demo' },
    ],
    items: [{ uploaderIp: of('items[0].uploader_ip') }, { uploaderIp: of('items[1].uploader_ip') }],
    subjects: [
      { role: SubjectRole.REPORTED, account: of('subjects[0].account') },
      { role: SubjectRole.VICTIM, account: of('subjects[1].account') },
    ],
    keywords: [of('keywords[0]'), of('keywords[1]')],
    urgency: Urgency.IMMINENT_RISK,
    urgencyReason: of('urgency_reason'),
    additionalInfo: of('additional_info'),
    decision: { legalReference: of('decision.legal_reference') },
    bundle: { id: `b-${i}`, reason: of('bundle.reason'), incidentCount: 2 },
  });
}

const retractionOf = (i: number): Report =>
  exampleMessage(`s-${i}`, {
    kind: ReportKind.RETRACTION,
    revision: 1,
    retractionReason: `${MARK} ${MARK_VN} ${i}`,
    category: Category.UNSPECIFIED,
    detectionMethod: DetectionMethod.UNSPECIFIED,
    locations: [],
    detectedAt: undefined,
  });

/** The pieces of base64 text that every text around `needle` shares, at each of the three alignments. */
function inBase64(needle: Buffer): Buffer[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), needle]).toString('base64');
    const whole = Math.floor(((offset + needle.length) * 8) / 6);
    return Buffer.from(text.slice(Math.ceil((offset * 8) / 6), whole));
  });
}

/** Every spelling of a text that a file could hold. */
function spellings(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text);
  const all = [
    utf8,
    Buffer.from(text.normalize('NFD')),
    Buffer.from(text, 'utf16le'),
    Buffer.from(encodeURIComponent(text)),
    Buffer.from(encodeURI(text)),
    Buffer.from(JSON.stringify(text).slice(1, -1)),
    Buffer.from(utf8.toString('hex')),
    Buffer.from(utf8.toString('hex').toUpperCase()),
    ...inBase64(utf8),
  ];
  return [...new Map(all.map((spelling) => [spelling.toString('latin1'), spelling])).values()];
}

async function filesUnder(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

describe(`a secret in every sensitive field of ${REPORTS + RETRACTIONS} reports`, () => {
  let place: Place;
  let token: string;
  let output: string;
  const answers: string[] = [];
  const ids: string[] = [];
  /** Opened fields by report and revision. */
  const unsealed = new Map<string, Row>();
  let columns: readonly Row[];
  let sealed: readonly Row[];
  let wrappedKeys: readonly Row[];

  beforeAll(async () => {
    place = await Place.make();
    const serving = await place.start('--log-level', 'debug');
    token = await place.provider('Lachan Demo Secret');
    const client = new GatewayClient(serving.grpc, token);
    const all = [
      ...Array.from({ length: REPORTS }, (_, i) => secretReport(i)),
      ...Array.from({ length: RETRACTIONS }, (_, i) => retractionOf(i)),
    ];
    for (let at = 0; at < all.length; at += 250) {
      const receipts = await client.submit(all.slice(at, at + 250));
      expect(receipts.filter(({ status }) => status !== ReceiptStatus.ACCEPTED)).toEqual([]);
      ids.push(...receipts.map(({ authorityReportId }) => authorityReportId));
    }
    // What is refused, conflicts, comes again or cannot even be read is no less secret.
    const refused = Object.assign(secretReport(7), { reportId: `s 7 ${MARK}`, keywords: ['\u0000', MARK] });
    const told = await client.submit([
      secretReport(8),
      Object.assign(secretReport(9), { keywords: [] }),
      refused,
    ]);
    answers.push(JSON.stringify(told.map(({ violations }) => violations)));
    expect(told[2]?.violations.length).toBeGreaterThan(1);
    const broken = await client.submitBytes(Buffer.from(`${MARK} ${MARK_VN}`));
    answers.push(JSON.stringify(broken));
    client.close();
    const stranger = new GatewayClient(serving.grpc, `${token}x`);
    answers.push(JSON.stringify(await stranger.submitBytes(Buffer.from(MARK))));
    stranger.close();

    for (const page of ['/metrics', '/healthz', `/${MARK}`]) {
      const response = await fetch(serving.http + page);
      if (page === '/metrics') answers.push(await response.text());
    }
    // Unsealed is what has landed; a figure waits until all that was accepted has.
    await place.json('query', 'counts', '--format', 'json', '--wait-ms', '60000');
    const opened = await place.run('unseal', ...new Set(ids), '--private-key', place.privateKey);
    expect(opened).toMatchObject({ code: 0 });
    for (const line of opened.stdout.trimEnd().split('\n')) {
      const { authority_report_id, revision, fields } = recordOf(JSON.parse(line));
      unsealed.set(`${textOf(authority_report_id)} ${String(revision)}`, recordOf(fields));
    }
    await serving.process.stop();
    output = serving.process.stdout + serving.process.stderr;

    [columns = [], sealed = [], wrappedKeys = []] = await place.select(
      // Whatever table there is, the engine's own too.
      `SELECT c.database AS database, c.table AS table, c.name AS name, c.type AS type
       FROM system.columns AS c INNER JOIN system.tables AS t ON c.database = t.database AND c.table = t.name
       WHERE t.engine LIKE '%MergeTree%' OR t.engine LIKE '%Log' OR t.engine = 'Memory'`,
      `SELECT toString(authority_report_id) AS id, revision, sealed_fields AS fields, sealed_boxes AS boxes
       FROM records WHERE outcome = 'REPORT' AND revision = 0 ORDER BY log_offset LIMIT 3`,
      'SELECT key_id, wrapped_key FROM data_keys',
    );
  });

  afterAll(() => place.remove());

  const dataKeys = (): readonly (readonly [id: string, key: Buffer])[] =>
    wrappedKeys.map(({ key_id, wrapped_key }) => {
      const key = createPrivateKey(privatePem);
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const wrapped = Buffer.from(textOf(wrapped_key), 'base64');
      return [textOf(key_id), privateDecrypt({ key, padding, oaepHash: 'sha256' }, wrapped)] as const;
    });
  let privatePem: string;
  beforeAll(async () => {
    privatePem = await readFile(place.privateKey, 'utf8');
  });

  const secrets = (): readonly Buffer[] => [
    ...[MARK, MARK_VN, MARK_IP, '203.0.113.77'].flatMap(spellings),
    // The uploader's address as bytes.
    Buffer.from('20010db805ec02e7', 'hex'),
  ];

  async function filesWith(needles: readonly Buffer[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const file of await filesUnder(place.dataDir)) {
      const bytes = await readFile(file);
      if (needles.some((needle) => bytes.includes(needle))) found.push(relative(place.dataDir, file));
    }
    return found;
  }

  /** Which columns hold one of these, and in how many rows. */
  async function columnsWith(needles: readonly Buffer[]): Promise<readonly string[]> {
    const list = `[${needles.map((needle) => quoted(needle.toString())).join(',')}]`;
    const byTable = new Map<string, Row[]>();
    for (const column of columns) {
      const table = `${textOf(column['database'])}.${textOf(column['table'])}`;
      byTable.set(table, [...(byTable.get(table) ?? []), column]);
    }
    const statements = [...byTable].map(([table, of]) => {
      const counts = of.map(({ name }) => {
        const column = `\`${textOf(name)}\``;
        return `toString(countIf(arrayExists(needle -> position(toString(${column}), needle) > 0, ${list}))) AS ${column}`;
      });
      return `SELECT ${counts.join(', ')} FROM ${table}`;
    });
    const answered = await place.select(...statements);
    return [...byTable.keys()].flatMap((table, i) =>
      Object.entries(answered[i]?.[0] ?? {})
        .filter(([, count]) => count !== '0')
        .map(([column]) => `${table}.${column}`),
    );
  }

  it('stands in the open in no file of the data directory, in no spelling', async () => {
    expect(await filesWith([Buffer.from(OPEN_MARK)])).toContain('log/data.mdb');
    expect(await filesWith(secrets())).toEqual([]);
  });

  it('stands in the open in no column of any table', async () => {
    const names = columns.map(({ database, table, name }) => [database, table, name].map(String).join('.'));
    expect(names).toEqual(
      expect.arrayContaining([
        'lachan.records.report_id',
        'lachan.records.details',
        'lachan.host_totals.host',
      ]),
    );
    expect(await columnsWith([Buffer.from(OPEN_MARK)])).toEqual(['lachan.records.correlation_id']);
    expect(await columnsWith(secrets().filter((needle) => needle.every((byte) => byte !== 0)))).toEqual([]);
  });

  it('is not in what the process prints, answers or counts', () => {
    expect(output).toContain('"ready":true');
    for (const text of [output, ...answers]) {
      for (const needle of [...secrets(), Buffer.from(token)]) {
        expect(text.includes(needle.toString())).toBe(false);
      }
    }
  });

  it('comes back exactly, field by field, to whoever has the private key', () => {
    expect(unsealed.size).toBe(REPORTS + RETRACTIONS);
    for (let i = 0; i < REPORTS; i += 1) {
      expect(unsealed.get(`${ids[i] ?? ''} 0`)).toEqual(secretsOf(i));
    }
    for (let i = 0; i < RETRACTIONS; i += 1) {
      const fields = unsealed.get(`${ids[REPORTS + i] ?? ''} 1`);
      expect(fields).toEqual({ retraction_reason: `${MARK} ${MARK_VN} ${i}` });
    }
  });

  it('is not opened by what the data directory holds: neither private key, data keys nor token are there', async () => {
    const lines = privatePem.split('\n').filter((line) => line.length === 64);
    const keys = dataKeys().flatMap(([, key]) => [key, Buffer.from(key.toString('hex')), ...inBase64(key)]);
    expect(keys.length).toBeGreaterThan(0);
    const needles = [...lines.map((line) => Buffer.from(line)), ...keys, ...spellings(token)];
    expect(await filesWith(needles)).toEqual([]);
    expect(
      await columnsWith(spellings(token).filter((needle) => needle.every((byte) => byte !== 0))),
    ).toEqual([]);
  });

  it('does not open when its box is moved to another report, revision or field', () => {
    const keys = new Map(dataKeys());
    const [mine, other] = sealed.map(({ id }) => Buffer.from(textOf(id).replaceAll('-', ''), 'hex'));
    const [{ fields, boxes } = {}] = sealed;
    if (mine === undefined || other === undefined) throw new Error('two reports are needed');
    const names = listOf(fields).map(textOf);
    expect(names.toSorted()).toEqual(Object.keys(secretsOf(0)).toSorted());
    for (const [i, field] of names.entries()) {
      const box = Buffer.from(textOf(listOf(boxes)[i]), 'base64');
      const key = new Secret<Uint8Array>(keys.get(box.subarray(1, 9).toString('hex')) ?? Buffer.alloc(32));
      const elsewhere = names[(i + 1) % names.length] ?? '';
      expect(openBox(key, box, mine, 0, field)).toBe(secretsOf(0)[field]);
      expect(openBox(key, box, other, 0, field)).toBeUndefined();
      expect(openBox(key, box, mine, 1, field)).toBeUndefined();
      expect(openBox(key, box, mine, 0, elsewhere)).toBeUndefined();
      for (const at of [0, 9, 21, box.length - 1]) {
        const altered = Buffer.from(box);
        altered[at] = (altered[at] ?? 0) ^ 1;
        expect(openBox(key, altered, mine, 0, field)).toBeUndefined();
      }
    }
  });
});
