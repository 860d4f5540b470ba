import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../cli/demo/random.js';
import { LONG, SEED, Sender, tellSeed } from '../support/faults.js';
import {
  freePort,
  Place,
  recordOf,
  textOf,
  until,
  type Finished,
  type Row,
} from '../support/lachan-process.js';

const KILLS = LONG ? 100 : 20;
/** The longest time until a kill, from the moment that its kind names. */
const LONGEST_MS = { started: 2_500, serving: 1_000, taking: 600 } as const;
/** Of every five kills one comes while the process starts, one when it serves, three while it takes reports. */
const MOMENTS = ['taking', 'taking', 'serving', 'taking', 'started'] as const;
const SENDERS = 2;
const PER_TURN = 20;

describe(`start, killed ${KILLS} times at random moments under load (seed ${SEED})`, () => {
  let place: Place;
  let senders: readonly Sender[];
  let roundsWithLoad = 0;
  let counts: Row;
  let audit: Finished;
  let outcomes: readonly Row[];
  let totals: readonly Row[];
  let reportIds: readonly string[];
  let byHost: Row;
  let keysWithoutRow: Row;
  let samples: readonly Row[];

  const accepted = (): number => senders.reduce((sum, sender) => sum + sender.accepted.size, 0);

  beforeAll(async () => {
    tellSeed('crash.test.ts');
    const random = seededRandom(SEED);
    place = await Place.make();
    const port = await freePort();
    const options = ['--grpc-port', String(port), '--landing-wait-ms', '100', '--log-level', 'warn'];

    let running = await place.start(...options);
    const token = await place.provider('Lachan Demo Crash');
    const endpoint = `127.0.0.1:${port}`;
    senders = Array.from(
      { length: SENDERS },
      (_, i) => new Sender({ name: `sender${i}`, endpoint, token, perTurn: PER_TURN }),
    );
    for (let kill = 0; kill < KILLS; kill += 1) {
      const moment = MOMENTS[kill % MOMENTS.length] ?? 'taking';
      const before = accepted();
      const started = kill === 0 ? running.process : place.begin(...options);
      if (moment !== 'started') await started.ready();
      if (moment === 'taking') await until('a report to be taken', () => accepted() > before || undefined);
      await sleep(random() * LONGEST_MS[moment]);
      await started.kill();
      if (accepted() > before) roundsWithLoad += 1;
    }

    running = await place.start(...options);
    await Promise.all(senders.map((sender) => sender.finish()));
    counts = recordOf(await place.json('query', 'counts', '--format', 'json'));
    audit = await place.run('audit', '--json');
    await running.process.stop();
    const [inTable = [], inView = [], ids = [], hosts = [], keys = [], sealed = []] = await place.select(
      'SELECT outcome, toString(count()) AS n FROM records GROUP BY outcome ORDER BY outcome',
      'SELECT outcome, toString(sum(records)) AS n FROM record_totals GROUP BY outcome ORDER BY outcome',
      `SELECT report_id FROM records WHERE outcome = 'REPORT'`,
      'SELECT toString(sum(reports)) AS n FROM host_totals',
      `SELECT toString(count()) AS n, toString(uniqExact(key)) AS keys,
         toString(countIf(key NOT IN (SELECT key_id FROM data_keys))) AS without
       FROM (SELECT lower(hex(substring(base64Decode(arrayJoin(sealed_boxes)), 2, 8))) AS key FROM records)`,
      `SELECT report_id, toString(authority_report_id) AS id FROM records WHERE outcome = 'REPORT'
       ORDER BY log_offset % 97, log_offset LIMIT 50`,
    );
    outcomes = inTable;
    totals = inView;
    reportIds = ids.map((row) => textOf(row['report_id']));
    byHost = hosts[0] ?? {};
    keysWithoutRow = keys[0] ?? {};
    samples = sealed;
  });

  afterAll(() => place.remove());

  it('takes reports between the kills: the sender has never noticed more than a delay', () => {
    expect(roundsWithLoad).toBeGreaterThanOrEqual(KILLS / 2);
    for (const { others, sent, accepted: found } of senders) {
      expect(others).toEqual([]);
      expect(sent).toBeGreaterThan(found.size);
    }
  });

  it('has landed every accepted report exactly once', () => {
    const expected = senders.flatMap((sender) => [...sender.accepted]);
    expect(reportIds.length).toBe(new Set(reportIds).size);
    expect(reportIds.length).toBe(expected.length);
    const landed = new Set(reportIds);
    expect(expected.filter((id) => !landed.has(id))).toEqual([]);
  });

  it('calls what was sent again a duplicate, and nothing a conflict or a dead letter', () => {
    expect(outcomes.map((row) => row['outcome'])).toEqual(['DUPLICATE', 'REPORT']);
  });

  it('has the same numbers in the table, in the totals and by host', () => {
    expect(totals).toEqual(outcomes);
    expect(byHost).toEqual({ n: String(reportIds.length) });
    expect(counts).toMatchObject({
      reports: reportIds.length,
      log_records: outcomes.reduce((sum, row) => sum + Number(row['n']), 0),
      conflicts: 0,
      dead_letters: 0,
    });
  });

  it('is audited', () => {
    expect(audit).toMatchObject({ code: 0 });
    expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, problems: [] });
  });

  it('has the key of every box, and the authority opens them', async () => {
    expect(keysWithoutRow['without']).toBe('0');
    expect(Number(keysWithoutRow['keys'])).toBeGreaterThan(KILLS / 2);
    const ids = samples.map((row) => textOf(row['id']));
    const { code, stdout } = await place.run('unseal', ...ids, '--private-key', place.privateKey);
    expect(code).toBe(0);
    const opened = stdout
      .trimEnd()
      .split('\n')
      .map((line) => recordOf(JSON.parse(line)));
    expect(opened.map(({ authority_report_id, fields }) => [authority_report_id, fields])).toEqual(
      samples.map(({ report_id, id }) => [
        id,
        { 'locations[0].url': `https://lachan-demo-1.vn/${textOf(report_id)}` },
      ]),
    );
  });
});
