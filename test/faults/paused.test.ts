import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectLandedOnce, finishAccepted, LONG, Sender } from '../support/faults.js';
import { complaintOf, Place, type Serving } from '../support/lachan-process.js';

/** Senders give a connection up that has owed them an answer for 10 s. */
const PAUSE_MS = LONG ? 30_000 : 12_000;

describe('start under load', () => {
  let place: Place;
  let serving: Serving;
  let senders: readonly Sender[];

  beforeAll(async () => {
    place = await Place.make();
    serving = await place.start('--landing-wait-ms', '100', '--log-level', 'warn');
    const token = await place.provider('Lachan Demo Paused');
    senders = ['a', 'b'].map((name) => new Sender({ name, endpoint: serving.grpc, token, perTurn: 10 }));
    for (const sender of senders) await sender.progress(200);
  });
  afterAll(() => place.remove());

  it('goes on while another one is started on its directory, which is refused and says why', async () => {
    const finished = await place.begin().finished();
    expect(finished).toMatchObject({ code: 1, signal: null, stdout: '' });
    expect(complaintOf(finished)).toContain('another process');
    for (const sender of senders) await sender.progress(200);
  });

  it(`is found again by its senders when SIGSTOP has held it for ${PAUSE_MS / 1000} s`, async () => {
    serving.process.signal('SIGSTOP');
    const before = senders.map(({ accepted }) => accepted.size);
    await sleep(PAUSE_MS);
    const during = senders.map(({ accepted }, i) => accepted.size - (before[i] ?? 0));
    serving.process.signal('SIGCONT');
    // What was on its way when it stopped may still have come.
    for (const reports of during) expect(reports).toBeLessThan(2_000);
    for (const sender of senders) await sender.progress(500);
  });

  it('has landed every accepted report exactly once after both', async () => {
    const accepted = await finishAccepted(...senders);
    expect(await serving.process.stop()).toEqual({ code: 0, signal: null });
    const outcomes = await expectLandedOnce(place, accepted);
    expect(Object.keys(outcomes)).toEqual(['DUPLICATE', 'REPORT']);
  });
});
