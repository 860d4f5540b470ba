import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOf, Place, recordOf, textOf, type Row } from '../support/lachan-process.js';

const SAMPLE = fileURLToPath(new URL('../fixtures/xarf/samples/v4/content-csam.json', import.meta.url));
const SAMPLE_ID = 'b7ca7591-811e-4d40-83d9-dc043c08555d';
/** In base64, as evidence is. */
const MARKER = 'bWFya2VyLWluLWV2aWRlbmNl';

const sample = recordOf(JSON.parse(readFileSync(SAMPLE, 'utf8')));
const id = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
const exploitation = {
  ...sample,
  report_id: id(1),
  timestamp: '2025-03-01T10:00:00.250Z',
  type: 'csem',
  url: 'https://lachan-demo-1.vn/group',
  classification: null,
  hash_values: null,
  exploitation_type: 'sextortion',
  detection_method: 'manual_review',
  perpetrator_indicators: { account_id: 'lachan-demo-account' },
  favourite_colour: 'none',
};
const ours = {
  ...sample,
  report_id: id(2),
  tags: ['x-vn:csam_synthetic'],
  hash_values: { photodna: 'AAEC' },
};
const fraud = { ...sample, report_id: id(3), type: 'fraud' };
const copyright = { ...sample, report_id: id(4), category: 'copyright', type: 'p2p' };
const ungraded = { ...sample, report_id: id(5), classification: MARKER };

describe('XARF documents, sent with submit --format xarf', () => {
  let place: Place;
  let one: Row;
  let list: Row;
  let lines: Row;
  let told: string;
  let rows: readonly Row[];
  let unsealed: Map<string, Row>;
  let everything: string;

  beforeAll(async () => {
    place = await Place.make();
    const serving = await place.start();
    const args = ['submit', '--format', 'xarf', '--token', await place.provider('Lachan Demo XARF')];
    one = recordOf(await place.json(...args, '--json', SAMPLE));

    const evidence = [{ content_type: 'image/png', description: MARKER, payload: MARKER }];
    const withEvidence = [exploitation, fraud, ours, copyright, ungraded].map((xarf) => ({
      ...xarf,
      evidence,
    }));
    const file = join(place.root, 'list.json');
    await writeFile(file, JSON.stringify(withEvidence, undefined, 2));
    list = recordOf(await place.json(...args, '--json', file));
    told = (await place.run(...args, file)).stdout;

    const stdin = `${JSON.stringify(sample)}\n{"xarf_version":"4.2.0"\n${JSON.stringify(ours)}\n`;
    const piped = await place.runWith({ stdin }, ...args, '--json', '-', '--data-dir', place.dataDir);
    lines = recordOf(JSON.parse(piped.stdout));
    await place.run('query', 'counts');
    await serving.process.stop();

    const [all = [], reports = []] = await place.select(
      'SELECT * FROM records',
      `SELECT report_id, category, toString(detected_at) AS detected, detected_precision, detection_method,
         annotations, toString(authority_report_id) AS id
       FROM records WHERE outcome = 'REPORT' ORDER BY report_id`,
    );
    rows = reports;
    const opened = await place.run(
      ...['unseal', ...reports.map((row) => textOf(row['id'])), '--private-key', place.privateKey],
    );
    unsealed = new Map(
      opened.stdout
        .trimEnd()
        .split('\n')
        .map((line) => recordOf(JSON.parse(line)))
        .map((open) => [textOf(open['authority_report_id']), recordOf(open['fields'])]),
    );
    everything = [JSON.stringify([all, [...unsealed], one, list, lines]), told, piped.stderr].join('\n');
  });

  afterAll(() => place.remove());

  it('are reports: the published sample, alone in its file', () => {
    expect(one).toMatchObject({ read: 1, accepted: 1, rejected: 0, rejections: [], unknown_members: {} });
    expect(rows.find((row) => row['report_id'] === SAMPLE_ID)).toMatchObject({
      category: 'CSAM',
      detected: '2025-01-20 10:30:00.000',
      detected_precision: 'SECOND',
      detection_method: 'HASH_EXACT',
      annotations: ['x-xarf:type/csam'],
    });
  });

  it('are refused one by one, by line and member, and hold up none of the good ones', () => {
    expect(list).toMatchObject({
      read: 5,
      accepted: 2,
      rejected: 3,
      unknown_members: { favourite_colour: 1 },
    });
    const refused = listOf(list['rejections']).map(recordOf);
    const first = (rejection: Row): Row => recordOf(listOf(rejection['violations'])[0]);
    expect(refused.map((rejection) => first(rejection)['field'])).toEqual([
      'type',
      'category',
      'classification',
    ]);
    const begins = refused.map((rejection) => Number(rejection['line']));
    expect(begins).toEqual(begins.toSorted((a, b) => a - b));
    expect(told).toMatch(/list\.json:\d+: type UNKNOWN_VALUE: .*content\/csam and content\/csem/);
    expect(told).toContain('member favourite_colour is not known and was passed over in 1 documents');
  });

  it('land under the category of their own members, or of our own tag', () => {
    expect(rows.map(({ report_id, category }) => [report_id, category])).toEqual([
      [id(1), 'SEXTORTION'],
      [id(2), 'CSAM_SYNTHETIC'],
      [SAMPLE_ID, 'CSAM'],
    ]);
    expect(rows[0]).toMatchObject({ detected: '2025-03-01 10:00:00.250', detected_precision: 'MS' });
    expect(rows[1]).toMatchObject({ detection_method: 'HASH_PERCEPTUAL' });
  });

  it('may come one per line; a line that is broken costs only itself', () => {
    expect(lines).toMatchObject({
      read: 3,
      accepted: 2,
      rejected: 1,
      rejections: [{ line: 2, violations: [{ rule: 'MALFORMED' }] }],
    });
    expect(rows).toHaveLength(3);
  });

  it('are open to the authority alone where they tell of people and places', () => {
    const fields = JSON.stringify(unsealed.get(textOf(rows[0]?.['id'])));
    expect(fields).toContain('https://lachan-demo-1.vn/group');
    expect(fields).toContain('lachan-demo-account');
    expect(fields).toContain('source_identifier: 198.51.100.42');
  });

  it('leave no trace of their evidence, nor of what was refused', () => {
    expect(everything).toContain(SAMPLE_ID);
    expect(everything).not.toContain(MARKER);
    expect(everything).not.toContain(textOf(recordOf(listOf(sample['evidence'])[0])['payload']));
  });
});
