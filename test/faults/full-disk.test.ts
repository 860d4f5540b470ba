import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleMessage } from '../support/example-reports.js';
import { expectLandedOnce, finishAccepted, LONG, Sender } from '../support/faults.js';
import { GatewayClient, type Answer } from '../support/gateway-client.js';
import { complaintOf, Place, until, type Serving } from '../support/lachan-process.js';
import { anonymousBytes } from '../support/process-memory.js';
import { submitBytes } from '../support/receiving.js';
import { mayMount, smallFileSystem, type SmallDisk } from '../support/small-disks.js';

const MIB = 1_048_576;
const FULL_MS = LONG ? 30_000 : 3_000;
/** Reports of some size, so that the log soon holds something. */
const fields = { additionalInfo: 'mot hai ba bon nam '.repeat(100) };
const OPTIONS = ['--landing-wait-ms', '100', '--log-level', 'warn'];

let place: Place;
let serving: Serving;
let sender: Sender;
let client: GatewayClient;
let disk: SmallDisk | undefined;
const probed: string[] = [];

beforeEach(async () => {
  place = await Place.make();
});
afterEach(async () => {
  client.close();
  await serving.process.kill();
  await disk?.release();
  disk = undefined;
  await place.remove();
  probed.length = 0;
});

async function serve(...options: readonly string[]): Promise<string> {
  serving = await place.start(...OPTIONS, ...options);
  const token = await place.provider('Lachan Demo Full');
  client = new GatewayClient(serving.grpc, token);
  sender = new Sender({ name: 'full', endpoint: serving.grpc, token, perTurn: 20, fields });
  return token;
}
async function probe(): Promise<Answer> {
  const reportId = `probe-${probed.length}`;
  const answer = await client.submitBytes(submitBytes([exampleMessage(reportId, fields)]));
  if (answer.ok) probed.push(reportId);
  return answer;
}
/** Until a caller is told to wait. */
async function untilFull(): Promise<void> {
  const refused = await until('a report to be refused', async () => {
    const answer = await probe();
    return answer.ok ? undefined : answer;
  });
  expect(refused).toMatchObject({ code: 'RESOURCE_EXHAUSTED', rich: { retryAfterMs: 1_000 } });
}
async function expectAllLanded(...before: readonly (readonly string[])[]): Promise<void> {
  const accepted = [...before.flat(), ...(await finishAccepted(sender)), ...probed];
  expect(await serving.process.stop()).toEqual({ code: 0, signal: null });
  await expectLandedOnce(place, accepted);
}

describe('a log at its own limit in bytes', () => {
  it('makes callers wait until what has landed is deleted from it; nothing is lost, nothing is there twice', async () => {
    await serve('--log-max-mib', '16', '--log-keep-mib', '8');
    await untilFull();
    await sender.progress(1_000);
    await expectAllLanded();
  });
});

// Where nothing may be mounted, as in some containers, the limit above is what can be tried.
describe.runIf(await mayMount())('a file system without a free byte', () => {
  it('makes callers wait, in bounded memory, over a SIGKILL, too; with room again all goes on, nothing lost or twice', async () => {
    disk = await smallFileSystem(place.dataDir, 256);
    const token = await serve();
    // Far enough into the file of the log for addresses of eight digits.
    await sender.progress(6_000);
    await disk.fill();
    await untilFull();
    const before = { accepted: sender.accepted.size, bytes: anonymousBytes(serving.pid) };
    await sleep(FULL_MS);
    expect(sender.others).toEqual([]);
    expect(sender.accepted.size - before.accepted).toBeLessThan(2_000);
    expect(anonymousBytes(serving.pid) - before.bytes).toBeLessThan(200 * MIB);
    expect((await fetch(`${serving.http}/healthz`)).status).toBe(200);

    await disk.makeRoom();
    await sender.progress(500);

    await disk.fill();
    await untilFull();
    const first = await killed();
    const refused = await place.begin(...OPTIONS).finished();
    expect(complaintOf(refused)).toMatch(/no room|engine error 243/);
    await disk.makeRoom();
    serving = await place.start(...OPTIONS);
    sender = new Sender({ name: 'later', endpoint: serving.grpc, token, perTurn: 20, fields });
    await sender.progress(500);
    await expectAllLanded(first);
  });

  /** Kills the process; resolves with what it had accepted. What it held back never counted. */
  async function killed(): Promise<readonly string[]> {
    await serving.process.kill();
    return sender.abandon();
  }
});
