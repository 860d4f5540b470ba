import { BinaryReader } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest } from '../support/gateway-under-test.js';
import { until, within } from '../support/lachan-process.js';
import { submitBytes } from '../support/receiving.js';
import { good, reportOf } from '../support/reports.js';

const LONG_MS = 60_000;
const numbered = (reportId: string) => reportOf({ ...good, reportId });

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const SERVING = 1;
const NOT_SERVING = 2;
function servingStatus(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  reader.tag();
  return reader.int32();
}

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await GatewayUnderTest.start();
});
afterEach(async () => {
  await gateway.stop();
});

const heldAtLog = (count: number): Promise<true> =>
  until(`${count} batches at the log`, () => (gateway.heldBatches === count ? true : undefined));
const recorded = async (): Promise<string[]> => (await gateway.records()).map(({ reportId }) => reportId);

describe('a gateway that shuts down', () => {
  it('does so at once when nobody is there', async () => {
    await within(LONG_MS / 2, 'an idle gateway to close', gateway.server.drain(LONG_MS));
  });

  it('answers what it has taken, in streams and in calls, and then ends them', async () => {
    gateway.hold();
    const client = gateway.client('a');
    const stream = client.stream();
    stream.send(1, [numbered('r-1')]);
    stream.send(2, [numbered('r-2')]);
    const call = gateway.client('a').submitBytes(submitBytes([numbered('r-3')]));
    await heldAtLog(3);
    const drained = gateway.server.drain(LONG_MS);
    gateway.letGo();
    expect((await stream.answer(1)).receipts).toMatchObject([{ reportId: 'r-1' }]);
    expect((await stream.answer(2)).receipts).toMatchObject([{ reportId: 'r-2' }]);
    expect(await stream.ended()).toMatchObject({ code: 'OK' });
    expect(await call).toMatchObject({ ok: true });
    await within(LONG_MS / 2, 'the gateway to close', drained);
    expect((await recorded()).toSorted()).toEqual(['r-1', 'r-2', 'r-3']);
  });

  it('takes nothing more: neither on open streams nor in new calls', async () => {
    gateway.hold();
    const client = gateway.client('a');
    const stream = client.stream();
    stream.send(1, [numbered('r-1')]);
    await heldAtLog(1);
    const drained = gateway.server.drain(LONG_MS);
    stream.send(2, [numbered('r-2')]);
    expect(await client.submitBytes(submitBytes([numbered('r-3')]))).toMatchObject({ code: 'UNAVAILABLE' });
    gateway.letGo();
    expect(await stream.ended()).toMatchObject({ code: 'OK' });
    await drained;
    expect(stream.responses().map(({ batchSequence }) => batchSequence)).toEqual([0n, 1n]);
    expect(await recorded()).toEqual(['r-1']);
  });

  it('says that it does not serve, before it ends', async () => {
    const watch = gateway.client().stream('/grpc.health.v1.Health/Watch');
    watch.sendBytes(new Uint8Array());
    watch.finish();
    expect(servingStatus(await watch.message(0))).toBe(SERVING);
    const drained = gateway.server.drain(500);
    expect(servingStatus(await watch.message(1))).toBe(NOT_SERVING);
    await drained;
  });

  it('cuts off, at its deadline, what does not end', async () => {
    gateway.hold();
    const stream = gateway.client('a').stream();
    stream.send(1, [numbered('r-1')]);
    await heldAtLog(1);
    await within(LONG_MS / 2, 'the deadline', gateway.server.drain(200));
    expect((await stream.ended()).code).not.toBe('OK');
    expect(stream.responses().map(({ batchSequence }) => batchSequence)).toEqual([0n]);
    // What was not acknowledged may still become durable: sending it again is safe.
    gateway.letGo();
    await until('the batch in the log', async () => ((await recorded()).length === 1 ? true : undefined));
    expect(gateway.faults).toEqual([]);
  });

  it('has no stream left', async () => {
    const streams = Array.from({ length: 5 }, () => gateway.client('a').stream());
    await Promise.all(streams.map((stream) => stream.message(0)));
    expect(gateway.server.streams()).toBe(5);
    await gateway.server.drain(LONG_MS);
    expect(await Promise.all(streams.map(async (stream) => (await stream.ended()).code))).toEqual(
      streams.map(() => 'OK'),
    );
    expect(gateway.server.streams()).toBe(0);
  });
});
