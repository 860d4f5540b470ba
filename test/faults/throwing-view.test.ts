import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectLandedOnce, finishAccepted, Sender } from '../support/faults.js';
import { Place, recordOf, until, type Serving } from '../support/lachan-process.js';

const COMMAND_CHILD = 'test/support/store-command-child.ts';
const PER_TURN = 5;

describe('a materialised view that throws', () => {
  let place: Place;

  beforeEach(async () => {
    place = await Place.make();
  });
  afterEach(() => place.remove());

  async function tell(...statements: readonly string[]): Promise<void> {
    expect(await place.child(COMMAND_CHILD, place.dataDir, JSON.stringify(statements))).toMatchObject({
      code: 0,
    });
  }
  async function metric(name: string, { http }: Serving): Promise<number> {
    const text = await (await fetch(`${http}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  it('holds its batch up, which is tried again while reports are still accepted; without the view it lands once', async () => {
    const first = await place.start();
    const token = await place.provider('Lachan Demo View');
    await first.process.stop();
    await tell(
      'CREATE TABLE broken (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 10000',
      `CREATE MATERIALIZED VIEW broken_of_records TO broken AS
         SELECT log_offset AS n FROM records WHERE throwIf(log_offset % 100 = 7, 'the view of the test') = 0`,
    );

    const second = await place.start('--landing-wait-ms', '50', '--log-level', 'warn');
    const sender = new Sender({ name: 'view', endpoint: second.grpc, token, perTurn: PER_TURN });
    await until('landing to try again', async () =>
      (await metric('lachan_landing_retries_total', second)) >= 3 ? true : undefined,
    );
    await sender.progress(500);
    expect(await metric('lachan_landing_lag_records', second)).toBeGreaterThan(500);
    expect((await fetch(`${second.http}/healthz`)).status).toBe(200);
    // The engine's words quote what it was given: only their number is told.
    expect(second.process.stderr).toContain('engine error 395');
    expect(second.process.stderr).not.toContain('the view of the test');
    const before = await finishAccepted(sender);
    expect(await second.process.stop()).toEqual({ code: 0, signal: null });

    await tell('DROP VIEW broken_of_records');
    const third = await place.start('--landing-wait-ms', '50', '--log-level', 'warn');
    const after = new Sender({ name: 'mended', endpoint: third.grpc, token, perTurn: PER_TURN });
    await after.progress(200);
    const counts = recordOf(await place.json('query', 'counts', '--format', 'json'));
    expect(counts).toMatchObject({ conflicts: 0, dead_letters: 0 });
    const accepted = [...before, ...(await finishAccepted(after))];
    expect(await third.process.stop()).toEqual({ code: 0, signal: null });
    await expectLandedOnce(place, accepted);
  });
});
