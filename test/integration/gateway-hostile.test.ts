import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayUnderTest, tokenOf } from '../support/gateway-under-test.js';
import { until, within } from '../support/lachan-process.js';
import { frame, RawCaller } from '../support/raw-http2.js';
import { streamBytes, submitBytes } from '../support/receiving.js';
import { good, reportOf } from '../support/reports.js';

const numbered = (reportId: string) => reportOf({ ...good, reportId });
const SUBMIT = '/lachan.v1.ReportService/SubmitReports';
const STREAM = '/lachan.v1.ReportService/StreamReports';
const LOOKUP = '/lachan.v1.ReportService/GetReport';
const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const REFLECT = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const PATHS = [SUBMIT, STREAM, LOOKUP, CHECK, WATCH, REFLECT];
/** gRPC's numbers of statuses. */
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

/** HTTP/2's number of an error. */
const CANCEL = 8;

const authorization = `Bearer ${tokenOf('a')}`;

let gateway: GatewayUnderTest;
let raw: RawCaller;
const unheard: unknown[] = [];
const onUnheard = (error: unknown): void => void unheard.push(error);

beforeEach(async () => {
  process.on('uncaughtException', onUnheard);
  process.on('unhandledRejection', onUnheard);
  gateway = await GatewayUnderTest.start();
  raw = await RawCaller.connect(gateway.server.address);
});

// Whatever comes in over the wire, the process goes on and serves the next one.
afterEach(async () => {
  await gateway.client('bystander').submit([numbered('last')]);
  raw.close();
  await until('no stream to be left', () => (gateway.server.streams() === 0 ? true : undefined));
  await gateway.stop();
  process.off('uncaughtException', onUnheard);
  process.off('unhandledRejection', onUnheard);
  expect(unheard.splice(0)).toEqual([]);
  expect(gateway.faults).toEqual([]);
});

describe('a gateway goes on serving', () => {
  it('when a connection speaks no HTTP/2', async () => {
    const port = Number(gateway.server.address.split(':')[1]);
    for (const bytes of [randomBytes(50_000), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(100)]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      socket.end();
      await within(20_000, 'the socket to be closed', once(socket.resume(), 'close'));
    }
  });

  it('when messages are nonsense', async () => {
    const bodies = [
      new Uint8Array(),
      Uint8Array.of(0),
      randomBytes(5),
      frame(Uint8Array.of(0xff, 0xff, 0xff)),
      frame(randomBytes(1_000)),
      frame(new Uint8Array(), { length: 0xffff_ffff }),
      frame(new Uint8Array(10), { length: 1_000 }),
      frame(randomBytes(100), { flag: 1 }),
      frame(gzipSync('x').subarray(0, 10), { flag: 1 }),
      Buffer.concat(Array.from({ length: 3_000 }, () => frame(new Uint8Array()))),
    ];
    for (const path of PATHS) {
      for (const body of bodies) {
        for (const encoding of ['identity', 'gzip', 'deflate', 'brotli']) {
          await raw.begin(path, body, true, { authorization, 'grpc-encoding': encoding }).answered();
        }
      }
    }
  });

  it('when headers are nonsense', async () => {
    const body = frame(submitBytes([numbered('r')]));
    const odd: OutgoingHttpHeaders[] = [
      { 'content-type': 'text/plain' },
      { 'grpc-timeout': 'soon' },
      { 'grpc-timeout': '0n' },
      { 'grpc-timeout': '99999999H' },
      { 'grpc-encoding': 'x'.repeat(5_000) },
      { 'x-bin': '***', 'grpc-trace-bin': '%%%' },
      { authorization: 'x'.repeat(10_000) },
      { ':method': 'GET' },
    ];
    for (const path of [...PATHS, '/', '/lachan.v1.ReportService/', '/nobody.knows/This', '/%00']) {
      for (const headers of odd) {
        const call = raw.begin(path, body, true, headers);
        // A watch goes on until it is given up.
        if (path === WATCH) call.stream.close(CANCEL);
        await call.answered();
      }
    }
    expect(await raw.begin('/nobody.knows/This', body, true).answered()).toMatchObject({
      grpcStatus: UNIMPLEMENTED,
    });
  });

  it('when callers break off in the middle of everything', async () => {
    gateway.hold();
    const batch = frame(streamBytes(1, [numbered('r')]));
    for (let n = 0; n < 100; n += 1) {
      const path = n % 2 === 0 ? STREAM : SUBMIT;
      const body = n % 2 === 0 ? batch : frame(submitBytes([numbered(`r-${n}`)]));
      raw.begin(path, body, n % 4 < 2, { authorization }).stream.close(1 + (n % 13));
    }
    const gone = await RawCaller.connect(gateway.server.address);
    for (let n = 0; n < 20; n += 1) gone.begin(STREAM, batch, false, { authorization });
    await until('the batches at the log', () => (gateway.heldBatches >= 20 ? true : undefined));
    gone.close();
    gateway.letGo();
  });

  it('when a caller hangs up while its answer is on the way', async () => {
    gateway.hold();
    const call = raw.begin(STREAM, new Uint8Array(), false, { authorization });
    for (let n = 1; n <= 4; n += 1) call.stream.write(frame(streamBytes(n, [numbered(`r-${n}`)])));
    await until('the batches at the log', () => (gateway.heldBatches === 4 ? true : undefined));
    raw.close();
    gateway.letGo();
    // Taken is taken: unanswered, it becomes durable all the same.
    const ids = await until('the batches in the log', async () => {
      const found = (await gateway.records()).map(({ reportId }) => reportId);
      return found.length === 4 ? found : undefined;
    });
    expect(ids).toEqual(['r-1', 'r-2', 'r-3', 'r-4']);
  });
});

describe('somebody who has no token', () => {
  it.each([SUBMIT, LOOKUP, STREAM])('is refused before anything else is read: %s', async (path) => {
    const call = raw.begin(path, frame(new Uint8Array(1_000), { length: 4_000_000 }), false);
    expect(await call.answered()).toMatchObject({ grpcStatus: UNAUTHENTICATED });
  });

  it.each([CHECK, WATCH])(
    'is answered about the health of any service, however long its name: %s',
    async (path) => {
      for (const length of [10, 10_000, 200_000]) {
        const request = new BinaryWriter().tag(1, WireType.LengthDelimited).string('x'.repeat(length));
        const answer = await raw.begin(path, frame(request.finish()), true).answered();
        expect(answer).toMatchObject({ grpcStatus: NOT_FOUND });
      }
    },
  );
});

describe('reflection', () => {
  it('names the services, and describes ours', async () => {
    const stream = gateway.client().stream(REFLECT);
    stream.sendBytes(new BinaryWriter().tag(7, WireType.LengthDelimited).string('').finish());
    const symbol = 'lachan.v1.ReportService';
    stream.sendBytes(new BinaryWriter().tag(4, WireType.LengthDelimited).string(symbol).finish());
    stream.finish();
    expect(Buffer.from(await stream.message(0)).toString('latin1')).toContain(symbol);
    const files = Buffer.from(await stream.message(1)).toString('latin1');
    for (const name of ['lachan/v1/report.proto', 'lachan/v1/report_service.proto', 'SubmitReports']) {
      expect(files).toContain(name);
    }
    expect(await stream.ended()).toMatchObject({ code: 'OK' });
  });
});
