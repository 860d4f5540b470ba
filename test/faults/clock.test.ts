import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ReceiptStatus, Rule, type Receipt } from '@lachan/proto/report-service';
import { at } from '@lachan/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleMessage } from '../support/example-reports.js';
import { expectLandedOnce, finishAccepted, Sender } from '../support/faults.js';
import { GatewayClient } from '../support/gateway-client.js';
import { Place, until, type RunAs, type Serving } from '../support/lachan-process.js';

const SHIFT_CLOCK = fileURLToPath(new URL('../support/shift-clock.js', import.meta.url));
const DAY_MS = 86_400_000;
/** In the past by every clock of these tests, like the sender's own. */
const LONG_AGO_MS = 60_000;
const fields = { detectedAt: at(LONG_AGO_MS) };
const wallMs = (): number => LONG_AGO_MS;
const PER_TURN = 5;
/** The process looks at its clock's file more often than that. */
const JUMPED_MS = 100;

const JUMPS: readonly (readonly [name: string, shiftMs: () => number])[] = [
  ['now', () => 0],
  ['forward', () => 400 * DAY_MS],
  ['backward', () => -3 * DAY_MS],
  ['1970', () => DAY_MS - Date.now()],
  ['again', () => 0],
];

describe('a clock that jumps under load, 400 days forward, 3 days back, to 1970', () => {
  let place: Place;
  let file: string;
  let how: RunAs;
  let serving: Serving;
  let token: string;
  let sender: Sender;
  /** By the name of the jump: reports that were sent and answered under that clock. */
  const under = new Map<
    string,
    { readonly shiftMs: number; readonly first: number; readonly last: number }
  >();
  let accepted: readonly string[];
  /** What becomes of a report of today where the clock says 1970. */
  let tooEarly: Receipt | undefined;

  /** In one step: half a number would be another one. */
  async function shiftTo(ms: number): Promise<void> {
    await writeFile(`${file}.next`, String(ms));
    await rename(`${file}.next`, file);
    await sleep(JUMPED_MS);
  }

  beforeAll(async () => {
    place = await Place.make();
    file = join(place.root, 'shift');
    how = { node: ['--import', SHIFT_CLOCK], env: { SHIFT_CLOCK_FILE: file } };
    await shiftTo(0);
    serving = await place.startAs(how, '--landing-wait-ms', '50', '--log-level', 'warn');
    token = await place.provider('Lachan Demo Clock');
    sender = new Sender({ name: 'clock', endpoint: serving.grpc, token, perTurn: PER_TURN, fields, wallMs });
    const client = new GatewayClient(serving.grpc, token);
    for (const [name, shift] of JUMPS) {
      const shiftMs = shift();
      await shiftTo(shiftMs);
      await sender.settled();
      const first = sender.sent + 1;
      await sender.progress(300);
      under.set(name, { shiftMs, first, last: sender.sent });
      await sender.settled();
      if (name === '1970') tooEarly = (await client.submit([exampleMessage('of-today')]))[0];
    }
    client.close();
    accepted = await finishAccepted(sender);
  });
  afterAll(() => place.remove());

  it('stops neither the taking of reports nor their landing', async () => {
    const text = await until('everything to land', async () => {
      const found = await (await fetch(`${serving.http}/metrics`)).text();
      return /^lachan_landing_lag_records 0$/m.test(found) ? found : undefined;
    });
    expect(text).toMatch(/^lachan_gateway_faults_total 0$/m);
    expect((await fetch(`${serving.http}/healthz`)).status).toBe(200);
  });

  it('makes a report refused that lies more than 48 hours ahead of it, with the word that it may be sent again', () => {
    expect(tooEarly?.status).toBe(ReceiptStatus.REJECTED);
    const violations = tooEarly?.violations.map(({ field, rule, retryable }) => [
      field,
      Rule[rule],
      retryable,
    ]);
    expect(violations).toEqual([['detected_at.instant', 'RANGE', true]]);
  });

  it('is what the times of receipt go by; whatever it said, each report stands there once', async () => {
    expect(await serving.process.stop()).toEqual({ code: 0, signal: null });
    const outcomes = await expectLandedOnce(place, accepted);
    expect(Object.keys(outcomes)).toEqual(['DUPLICATE', 'REPORT']);
    const spans = await place.select(
      ...[...under.values()].map(
        ({ first, last }) =>
          `SELECT toUnixTimestamp64Milli(min(received_at)) AS earliest, toUnixTimestamp64Milli(max(received_at)) AS latest
           FROM (SELECT *, toUInt32(splitByChar('-', report_id)[2]) AS number FROM records) WHERE outcome = 'REPORT' AND number BETWEEN ${first} AND ${last} AND number % 10 != 0`,
      ),
    );
    const offMs = [...under.values()].map(({ shiftMs: shift }, i) => {
      const { earliest, latest } = spans[i]?.[0] ?? {};
      return Math.max(...[earliest, latest].map((ms) => Math.abs(Number(ms) - shift - Date.now())));
    });
    for (const ms of offMs) expect(ms).toBeLessThan(600_000);
  });

  it('that says 1970 at the next start does not keep it from serving, and it knows again what was sent before', async () => {
    await shiftTo(DAY_MS - Date.now());
    const again = await place.startAs(how, '--landing-wait-ms', '50', '--log-level', 'warn');
    const resend = new Sender({
      name: 'clock',
      endpoint: again.grpc,
      token,
      perTurn: PER_TURN,
      fields,
      wallMs,
    });
    await resend.progress(500);
    const repeated = await finishAccepted(resend);
    expect(await again.process.stop()).toEqual({ code: 0, signal: null });
    await expectLandedOnce(place, new Set([...accepted, ...repeated]));
    expect(repeated.filter((id) => !accepted.includes(id))).toEqual([]);
  });
});
