// From notice to proof, by the commands that operators and providers type.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  complaintOf,
  listOf,
  Place,
  recordOf,
  textOf,
  type Finished,
  type Row,
  type Serving,
} from '../support/lachan-process.js';

const HOUR_MS = 3_600_000;
const URL_A = 'https://lachan-demo-1.vn/a';
const URL_B = 'https://lachan-demo-1.vn/b';

const reportOn = (reportId: string, url: string): string =>
  JSON.stringify({
    reportId,
    category: 'CATEGORY_CSAM',
    locations: [{ url }],
    detectedAt: { instant: '2026-11-01T08:00:00Z' },
    detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
  });

/** One line of `submit --kind takedown`. */
const event = (eventId: string, type: string, url: string, more: Row = {}): string =>
  JSON.stringify({ eventId, type: `TAKEDOWN_EVENT_TYPE_${type}`, location: { url }, ...more });

describe('from notice to proof, by the commands', () => {
  let place: Place;
  let serving: Serving;
  const tokens: Record<string, string> = {};

  const add = async (name: string, ...args: readonly string[]): Promise<void> => {
    tokens[name] = textOf(recordOf(await place.json(...args, '--json', '--test'))['token']);
  };
  const as = (who: string): readonly string[] => ['--token', tokens[who] ?? ''];
  /** An act by the operator on duty; its line of JSON. */
  const act = async (...args: readonly string[]): Promise<Row> => {
    const { stdout } = await place.run('cases', ...args, '--json', ...as('duty'));
    return recordOf(JSON.parse(stdout));
  };
  const submit = async (
    who: string,
    lines: readonly string[],
    ...options: readonly string[]
  ): Promise<Finished> => {
    const file = join(place.root, `events-${who}.ndjson`);
    await writeFile(file, `${lines.join('\n')}\n`);
    return place.run('submit', '--kind', 'takedown', '--json', ...as(who), ...options, file);
  };
  const figure = async (name: string, ...params: readonly string[]): Promise<readonly Row[]> => {
    const asked = ['environment=TEST', ...params].flatMap((param) => ['--param', param]);
    return listOf(await place.json('query', name, ...asked, '--format', 'json')).map(recordOf);
  };

  beforeAll(async () => {
    place = await Place.make();
    serving = await place.start('--landing-wait-ms', '50');
    await add('host', 'providers', 'add', 'Lachan Demo Host');
    await add('platform', 'providers', 'add', 'Lachan Demo Platform');
    await add('duty', 'operators', 'add', 'Lachan Demo Duty');
    await add('look', 'operators', 'add', 'Lachan Demo Look', '--verifier');
    await add('import', 'operators', 'add', 'Lachan Demo Import', '--may-import');
    await place.run('providers', 'own', 'lachan-demo-host', '--domain', 'lachan-demo-1.vn');
    const stdin = [reportOn('r-a', URL_A), reportOn('r-b', URL_B)].join('\n');
    const sent = await place.runWith(
      { stdin },
      ...['submit', '-', '--json', ...as('platform'), '--data-dir', place.dataDir],
    );
    expect(JSON.parse(sent.stdout)).toMatchObject({ read: 2, accepted: 2 });
    await place.json('query', 'counts', '--param', 'environment=TEST', '--format', 'json');
  });
  afterAll(() => place.remove());

  it('a reported location is a case that waits for triage', async () => {
    const cases = listOf(await place.json('cases', 'list', '--json', ...as('duty'))).map(recordOf);
    expect(cases.map(({ host, status, stage, version }) => [host, status, stage, version])).toEqual([
      ['lachan-demo-1.vn', 'REPORTED', 'CASE_STAGE_TRIAGE', '0'],
      ['lachan-demo-1.vn', 'REPORTED', 'CASE_STAGE_TRIAGE', '0'],
    ]);
  });

  it('a notice before the assessment is refused, with the reason, and exit status 1', async () => {
    const { code, stdout } = await place.run('cases', 'notice', URL_A, '--json', ...as('duty'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'REFUSED', refusal: 'NOT_ASSESSED' });
  });

  it('triage, assignment, assessment and notice lead to a deadline in the queue of whoever answers', async () => {
    expect(await act('triage', URL_A)).toMatchObject({ verdict: 'APPLIED' });
    expect(await act('assign', URL_A, '--owner', 'lachan-demo-duty')).toMatchObject({ verdict: 'APPLIED' });
    expect(await act('assess', URL_A, '--finding', 'ILLEGAL')).toMatchObject({ verdict: 'APPLIED' });
    const noted = ['--legal-basis', 'demonstration', '--note', 'ghi chú niêm phong'];
    expect(await act('notice', URL_A, ...noted)).toMatchObject({ verdict: 'APPLIED' });
    const queue = recordOf(await place.json('queue', '--json', ...as('duty')));
    const [first] = listOf(queue['cases']).map(recordOf);
    expect(queue['overdue']).toBe(0);
    const deadlines = listOf(first?.['deadlines']).map(recordOf);
    expect(deadlines.map(({ addressee }) => addressee)).toEqual(['lachan-demo-host', 'lachan-demo-host']);
    const [hours] = deadlines.map(({ due_at: due }) => (Date.parse(textOf(due)) - Date.now()) / HOUR_MS);
    expect(hours).toBeGreaterThan(23.5);
    expect(hours).toBeLessThanOrEqual(24);
  });

  it('what was done once is done: the same again is a no-op that says so', async () => {
    expect(await act('triage', URL_B)).toMatchObject({ verdict: 'APPLIED' });
    expect(await act('triage', URL_B)).toMatchObject({ verdict: 'NO_OP' });
  });

  it('whoever acts on an old version of the case is told to look again', async () => {
    expect(await act('assess', URL_B, '--seen', '0')).toMatchObject({
      verdict: 'REFUSED',
      refusal: 'OUTDATED',
    });
  });

  it('a claim is not proof: it ends no clock until somebody independent has looked', async () => {
    const claim = event('c-1', 'ACTION_CLAIMED', URL_A, {
      occurredAt: {
        instant: new Date(Date.now() - 5 * HOUR_MS).toISOString(),
        precision: 'PRECISION_SECOND',
      },
    });
    const { code, stdout } = await submit('host', [claim]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { read: 1, accepted: 1, rejected: 0 }]);
    const [claimed] = await figure('takedown-times', 'clock=notice_to_claimed', 'deadline_hours=24');
    expect(claimed).toMatchObject({ n: 1, met: 1, open: 0 });
    const [verified] = await figure('takedown-times', 'clock=notice_to_verified', 'deadline_hours=24');
    expect(verified).toMatchObject({ n: 1, met: 0, missed: 0, undecidable: 0, open: 1, n_open: 1 });
  });

  it('a look that sees it still up disputes the claim, and one that sees it gone is the proof', async () => {
    const look = async (id: string, type: string): Promise<void> => {
      const { code, stdout } = await submit('look', [event(id, type, URL_A)]);
      expect([code, JSON.parse(stdout)]).toMatchObject([0, { accepted: 1 }]);
    };
    await look('l-1', 'VERIFIED_STILL_UP');
    const [claims] = await figure('false-claims');
    expect(claims).toMatchObject({ addressee: 'lachan-demo-host', claims: 1, false_claims: 1 });
    await look('l-2', 'VERIFIED_DOWN');
    const [verified] = await figure('takedown-times', 'clock=notice_to_verified', 'deadline_hours=24');
    expect(verified).toMatchObject({ n: 1, met: 1, open: 0, n_open: 0 });
    expect(await act('close', URL_A, '--as', 'NOT_RESOLVABLE')).toMatchObject({
      verdict: 'REFUSED',
      refusal: 'ALREADY_DOWN',
    });
    expect(await act('close', URL_A)).toMatchObject({ verdict: 'APPLIED' });
    const shown = recordOf(await place.json('cases', 'show', URL_A, '--json', ...as('duty')));
    expect(shown['status']).toBe('CLOSED_DOWN');
    const types = listOf(shown['events']).map((one) => textOf(recordOf(one)['type']));
    expect(types.map((type) => type.replace('TAKEDOWN_EVENT_TYPE_', ''))).toEqual([
      'REPORTED',
      'NOTICE_ISSUED',
      ...['TRIAGED', 'ASSIGNED', 'ASSESSED', 'NOTICE_ISSUED', 'ACTION_CLAIMED'],
      ...['VERIFIED_STILL_UP', 'VERIFIED_DOWN', 'CLOSED', 'CLOSED'],
    ]);
  });

  it('nobody says what is not theirs to say: each line is refused with field and rule', async () => {
    const { code, stdout } = await submit('host', [
      event('x-1', 'VERIFIED_DOWN', URL_B),
      event('x-2', 'ACTION_CLAIMED', URL_B, { addressee: 'lachan-demo-platform' }),
      '{"eventId":',
    ]);
    expect(code).toBe(0);
    const { rejected, rejections } = recordOf(JSON.parse(stdout));
    expect(rejected).toBe(3);
    const told = listOf(rejections).map((one) => {
      const { line, violations } = recordOf(one);
      const [violation] = listOf(violations).map(recordOf);
      return [Number(line), violation?.['field'], violation?.['rule']] as const;
    });
    // What is no event at all is told before the gateway has answered.
    expect(told.sort(([a], [b]) => a - b)).toEqual([
      [1, 'type', 'FORBIDDEN'],
      [2, 'addressee', 'FORBIDDEN'],
      [3, '', 'MALFORMED'],
    ]);
    const history = event('h-0', 'REPORTED', URL_B, { observedAt: '2026-01-01T00:00:00Z' });
    expect(recordOf(JSON.parse((await submit('duty', [history])).stdout))['rejected']).toBe(1);
  });

  it('an imported history gives the figures of the textbook: Freireich et al. 1963, 6-MP, weeks as hours', async () => {
    const asOfMs = Date.UTC(2026, 9, 1);
    const observed = [6, 6, 6, 7, 10, 13, 16, 22, 23];
    const censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
    const at = (ms: number): Row => ({ observedAt: new Date(ms).toISOString() });
    const lines = [
      ...observed.flatMap((hours, i) => {
        const [url, startMs] = [`https://lachan-demo-2.vn/o/${i}`, asOfMs - (40 + i) * HOUR_MS];
        const goneMs = startMs + hours * HOUR_MS;
        return [
          event(`o-${i}-r`, 'REPORTED', url, { ...at(startMs), category: 'CATEGORY_CSAM' }),
          // Seen up a moment before it was seen down: the time is known exactly.
          event(`o-${i}-u`, 'VERIFIED_STILL_UP', url, at(goneMs - 1)),
          event(`o-${i}-d`, 'VERIFIED_DOWN', url, at(goneMs)),
        ];
      }),
      ...censored.map((hours, i) =>
        event(`c-${i}-r`, 'REPORTED', `https://lachan-demo-2.vn/c/${i}`, at(asOfMs - hours * HOUR_MS)),
      ),
    ];
    // In an order of its own, and everything twice.
    const shuffled = [...lines, ...lines].sort((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1));
    const { code, stdout } = await submit('import', shuffled);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { accepted: 2 * lines.length, rejected: 0 }]);

    const asOf = `as_of=${new Date(asOfMs).toISOString()}`;
    const limits = [6, 7, 10, 13, 16, 22, 23, 24];
    const clock = 'clock=report_to_verified';
    const rows = await figure('takedown-times', clock, `deadline_hours=${limits.join(',')}`, asOf);
    expect(rows).toHaveLength(limits.length);
    for (const row of rows) {
      const limit = Number(row['deadline_hours']);
      const met = observed.filter((hours) => hours <= limit).length;
      // Seen up later than the limit: proven. Seen up at it to the millisecond is not.
      const missed = observed.filter((hours) => hours > limit).length;
      const open = censored.filter((hours) => hours <= limit).length;
      expect(row).toMatchObject({ n: 21, n_open: 12, met, missed, open, p50_upper_hours: 23 });
      expect(row['undecidable']).toBe(21 - met - missed - open);
    }
    const curve = await figure('survival', clock, asOf, `hours=${limits.slice(0, 7).join(',')}`);
    const upper = curve
      .filter(({ end }) => end === 'upper')
      .map(({ survival }) => Number(survival).toFixed(3));
    expect(upper).toEqual(['0.857', '0.807', '0.753', '0.690', '0.627', '0.538', '0.448']);
  });

  it('notes and addresses are opened by whoever has the private key, and what was reported too', async () => {
    const shown = recordOf(await place.json('cases', 'show', URL_A, '--json', ...as('duty')));
    const unsealed = async (...args: readonly string[]): Promise<readonly Row[]> => {
      const { code, stdout, stderr } = await place.run('unseal', ...args, '--private-key', place.privateKey);
      if (code !== 0) throw new Error(stderr);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => recordOf(JSON.parse(line)));
    };
    const events = await unsealed('--case', textOf(shown['location_key']));
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'NOTICE_ISSUED',
        fields: { 'location.url': URL_A, note: 'ghi chú niêm phong' },
      }),
    );
    const [reported] = listOf(shown['events']).map(recordOf);
    const [report] = await unsealed(textOf(reported?.['authority_report_id']));
    expect(recordOf(report?.['fields'])['locations[0].url']).toBe(URL_A);
  });

  it('a provider is reported on: what it sent, had to do, claimed, and what was seen', async () => {
    const report = recordOf(await place.json('providers', 'report', 'lachan-demo-host', '--test', '--json'));
    expect(listOf(report['notice_to_verified']).map(recordOf)[0]).toMatchObject({ n: 1, met: 1 });
    const deadlines = listOf(report['deadlines']).map(recordOf);
    expect(deadlines.map(({ met, missed }) => [met, missed])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(listOf(report['claims']).map(recordOf)[0]).toMatchObject({ claims: 1, false_claims: 1 });
    const forPeople = await place.run('providers', 'report', 'lachan-demo-platform', '--test');
    expect(forPeople.code).toBe(0);
    expect(forPeople.stdout).toContain('Báo cáo đã gửi / What it sent');
    expect(complaintOf(await place.run('providers', 'report', 'nobody'))).toContain(
      'nobody is called nobody',
    );
  });

  it('an import that was cut off by a kill is sent again: each event once, and the audit holds', async () => {
    const url = (i: number): string => `https://lachan-demo-3.vn/${i}`;
    const day = (i: number): Row => ({ observedAt: new Date(Date.UTC(2024, 0, 1 + i)).toISOString() });
    const lines = Array.from({ length: 900 }, (_, i) => [
      event(`k-${i}-r`, 'REPORTED', url(i), day(i)),
      event(`k-${i}-a`, 'ASSESSED', url(i), day(i)),
      event(`k-${i}-n`, 'NOTICE_ISSUED', url(i), day(i)),
      event(`k-${i}-d`, 'VERIFIED_DOWN', url(i), day(i + 1)),
    ]).flat();
    const cut = submit('import', lines, '--deadline-ms', '1000');
    await sleep(1_500);
    await serving.process.kill();
    await cut;
    await place.start('--landing-wait-ms', '50');
    const { code, stdout } = await submit('import', lines);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { accepted: lines.length, unsent: 0 }]);
    const [times] = await figure(
      'takedown-times',
      ...['clock=notice_to_verified', 'deadline_hours=48', 'since=2024-01-01', 'until=2026-07-01'],
    );
    expect(times).toMatchObject({ n: 900, met: 900, n_open: 0 });
    const audit = recordOf(await place.json('audit', '--json'));
    expect(audit['ok']).toBe(true);
    // Years of breached deadlines, and nobody is told: the queue knows none, and no bell was rung.
    const queue = recordOf(await place.json('queue', '--json', ...as('duty')));
    expect(queue['overdue']).toBe(0);
  });
});

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
