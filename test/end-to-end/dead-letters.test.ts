// Dead letters of the real process: a flood of them, the way on from there, and replays that are killed.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASE, dataDirectory } from '../../cli/embedded/data-directory.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import { openChdb } from '../../store/chdb.js';
import {
  complaintOf,
  lachan,
  listOf,
  Place,
  recordOf,
  textOf,
  until,
  type Row,
  type Serving,
} from '../support/lachan-process.js';
import { recordOf as report } from '../support/records.js';

const FLOOD = 1_500;
/** More than two steps of a replay. */
const MANY = 12_000;
const NO_LIMITS = ['--max-dead-letters-in-a-row', '1000000', '--max-dead-letter-share', '100'];

const good = (n: number): Buffer => reportRecordCodec.encode(report({ reportId: `r-${n}` }));
const bad = (n: number): Buffer => Buffer.from(`not a record: ${n}`);

let place: Place;

beforeAll(async () => {
  place = await Place.make();
});

afterAll(() => place.remove());

/** Puts bytes into the log of the stopped directory, as a faulty gateway would. */
async function append(...values: readonly Buffer[]): Promise<void> {
  const log = openEmbeddedLog({
    directory: dataDirectory(place.dataDir).log,
    maxBytes: 2 ** 30,
    clock: () => performance.now(),
  });
  await log.append(
    REPORTS_TOPIC,
    values.map((value) => ({ key: Buffer.from('k'), value })),
  );
  await log.close();
}

/** Makes what stands at `offset` a record that could not be read when it landed, but can be now. */
async function makeReadable(originals: ReadonlyMap<number, Buffer>): Promise<void> {
  const store = await openChdb({ directory: dataDirectory(place.dataDir).store, database: DATABASE });
  for (const [offset, original] of originals) {
    await store.command(
      `ALTER TABLE records UPDATE original = '${original.toString('base64')}'
       WHERE log_offset = ${offset} SETTINGS mutations_sync = 1`,
    );
  }
  await store.close();
}

const health = async ({ http }: Serving): Promise<{ status: number; body: Row }> => {
  const response = await fetch(`${http}/healthz`);
  return { status: response.status, body: recordOf(await response.json()) };
};
const metric = async ({ http }: Serving, name: string): Promise<number> => {
  const text = await (await fetch(`${http}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};
const counts = async (world: string): Promise<Row> =>
  recordOf(await place.json('query', 'counts', '--param', `environment=${world}`, '--format', 'json'));
const replay = async (...args: readonly string[]): Promise<Row> =>
  recordOf(await place.json('dead-letters', 'replay', '--json', ...args));
const audit = async (): Promise<Row> => recordOf(await place.json('audit', '--json'));

describe('dead letters', () => {
  let accept = '';

  it('that come as a flood stop landing: health, metrics and commands say so, and how to go on', async () => {
    await append(good(0), ...Array.from({ length: FLOOD }, (_, n) => bad(n)), good(1));
    const serving = await place.start();
    const { body } = await until('landing to stop', async () => {
      const found = await health(serving);
      return found.status === 503 ? found : undefined;
    });
    const problem = textOf(body['problem']);
    expect(problem).toMatch(/^landing has stopped: .* more than 1000 records in a row cannot be read/);
    accept = /--accept-dead-letters-to (\S+)$/.exec(problem)?.[1] ?? '';
    expect(accept).toBe(`1:0:${FLOOD + 1}`);
    expect(await metric(serving, 'lachan_landing_stopped')).toBe(1);
    expect(await metric(serving, 'lachan_dead_letters_total')).toBe(FLOOD);
    expect(await metric(serving, 'lachan_landing_lag_records')).toBe(FLOOD + 2);
    expect(complaintOf(await place.run('dead-letters', 'replay', '--all'))).toContain('landing has stopped');
    expect((await serving.process.stop()).code).toBe(0);

    // The directory is free, and still answers for what has landed.
    const { code, stdout, stderr } = await place.run('query', 'counts', '--format', 'json', '--wait-ms', '0');
    expect([code, recordOf(JSON.parse(stdout))['log_records']]).toEqual([0, 0]);
    expect(stderr).toContain(`--accept-dead-letters-to ${accept}`);
  });

  it('land when the operator accepts them, and nothing of what waited is lost', async () => {
    const serving = await place.start('--accept-dead-letters-to', accept);
    expect(await counts('TEST')).toMatchObject({ log_records: 2, reports: 2 });
    expect(await counts('UNKNOWN')).toMatchObject({ log_records: FLOOD, dead_letters: FLOOD });
    expect((await health(serving)).status).toBe(200);
    expect(await metric(serving, 'lachan_landing_stopped')).toBe(0);
    expect(await audit()).toMatchObject({ ok: true, tableRows: FLOOD + 2 });
    await serving.process.stop();
  });

  it('are listed and shown, with their bytes only for whoever asks for them', async () => {
    const rows = listOf(await place.json('dead-letters', 'list', '--limit', '2', '--format', 'json'));
    expect(rows.map(recordOf)).toMatchObject([
      { id: '1:0:1', reason: 'UNDECODABLE', stage: 'decode', bytes: bad(0).length, replay_of: '' },
      { id: '1:0:2', reason: 'UNDECODABLE', stage: 'decode', bytes: bad(1).length, replayed_as: '' },
    ]);
    expect(
      await place.json('dead-letters', 'list', '--reason', 'UNKNOWN_SCHEMA', '--format', 'json'),
    ).toEqual([]);
    expect(await place.json('dead-letters', 'list', '--since', '2100-01-01', '--format', 'json')).toEqual([]);

    const shown = await place.run('dead-letters', 'show', '1:0:1');
    expect(shown.stdout).toMatch(/reason +UNDECODABLE/);
    expect(shown.stdout).not.toContain('not a record');
    const file = join(place.root, 'original');
    const asked = recordOf(
      await place.json('dead-letters', 'show', '1:0:1', '--json', '--bytes', 'hex', '--raw', file),
    );
    expect(asked['original']).toBe(bad(0).toString('hex'));
    expect(await readFile(file)).toEqual(bad(0));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, 'of somebody else');
    expect(complaintOf(await place.run('dead-letters', 'show', '1:0:1', '--raw', file))).toMatch(/EEXIST/);
    expect(await readFile(file, 'utf8')).toBe('of somebody else');
  });

  it.each([
    ['nothing named', ['replay'], 2, /ids, --all or --reason/],
    ['ids and --all', ['replay', '--all', '1:0:1'], 2, /ids, --all or --reason/],
    ['what is no position', ['replay', '7'], 2, /EPOCH:PARTITION:OFFSET/],
    ['a good record', ['replay', '1:0:0'], 1, /no dead letter stands at 1:0:0/],
    ['a place where nothing stands', ['show', '9:9:9'], 1, /no dead letter stands at 9:9:9/],
    ['an unknown reason', ['list', '--reason', 'BAD'], 2, /UNDECODABLE/],
  ])('are refused with a sentence: %s', async (_, args, code, message) => {
    const refused = await place.run('dead-letters', ...args);
    expect(refused.code).toBe(code);
    expect(complaintOf(refused)).toMatch(message);
  });

  it('are replayed in the free directory and through a running start; a second replay lands nothing', async () => {
    await makeReadable(
      new Map([
        [1, good(10)],
        [2, good(10)],
        [3, good(11)],
      ]),
    );
    expect(await replay('--all', '--dry-run')).toMatchObject({ replayed: 0, left: FLOOD });
    expect(await replay('1:0:1', '1:0:4')).toMatchObject({
      replayed: 2,
      reports: 1,
      dead_letters: 1,
      left: 0,
    });
    expect(await replay('1:0:1', '1:0:4')).toMatchObject({ replayed: 0, left: 0 });
    expect((await place.run('dead-letters', 'replay', '1:0:1')).stderr).toContain(
      `1:0:1 has been replayed before, as 1:0:${FLOOD + 2}`,
    );

    const serving = await place.start();
    expect(await replay('--all')).toEqual({
      replayed: FLOOD - 2,
      reports: 1,
      duplicates: 1,
      conflicts: 0,
      dead_letters: FLOOD - 4,
      left: 0,
    });
    expect(await replay('--all')).toMatchObject({ replayed: 0, left: 0 });
    // Many that still cannot be read are no flood: whoever replays has asked for what comes.
    expect((await health(serving)).status).toBe(200);
    expect(await counts('TEST')).toMatchObject({ log_records: 5, reports: 4, duplicates: 1 });
    expect(await audit()).toMatchObject({ ok: true, tableRows: 2 * FLOOD + 2 });
    await serving.process.stop();
  });

  it('are replayed once, also when everything is killed in the middle', async () => {
    await append(...Array.from({ length: MANY }, (_, n) => bad(n)));
    const serving = await place.start(...NO_LIMITS);
    const { dead_letters: before } = await counts('UNKNOWN');
    expect(before).toBe(2 * FLOOD - 3 + MANY);
    const replaying = lachan({}, 'dead-letters', 'replay', '--all', '--data-dir', place.dataDir);
    await until('the first step', () => (replaying.stderr.includes('replayed 5000 of') ? true : undefined));
    await serving.process.kill();
    complaintOf(await replaying.finished());

    const again = await place.start(...NO_LIMITS);
    await replay('--all');
    expect(await replay('--all')).toMatchObject({ replayed: 0, left: 0 });
    expect(await counts('UNKNOWN')).toMatchObject({ dead_letters: 2 * FLOOD - 3 + 2 * MANY, duplicates: 0 });
    expect(await audit()).toMatchObject({ ok: true, tableRows: 2 * FLOOD + 2 + 2 * MANY });
    await again.process.stop();
    const [replays] = await place.select(
      `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(replay_of)) AS originals FROM records WHERE replay_of != ''`,
    );
    expect(replays).toEqual([{ rows: FLOOD + MANY, originals: FLOOD + MANY }]);
  });
});
