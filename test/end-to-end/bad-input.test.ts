import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ReportSchema, type Report } from '@lachan/proto/report';
import { ReceiptStatus, Rule, type Receipt } from '@lachan/proto/report-service';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../cli/demo/random.js';
import { exampleMessage, type Fields } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { Place, recordOf, until, within, type Serving } from '../support/lachan-process.js';

const MIB = 1_048_576;
const SEED = 20_261_101;
const LIMIT_MS = 30_000;
const LAST_YEAR_S = 253_370_764_800n;

const reportBytes = (report: Report): Uint8Array => toBinary(ReportSchema, report);
const good = (reportId: string, change: Fields = {}): Uint8Array =>
  reportBytes(exampleMessage(reportId, change));
const textField = (number: number, bytes: Uint8Array): Uint8Array =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
/** SubmitReportsRequest around whatever is said to be its reports. */
const requestOf = (...reports: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(reports.map((bytes) => textField(1, bytes)));
const streamRequestOf = (sequence: number, ...reports: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([
    new BinaryWriter().tag(1, WireType.Varint).uint64(sequence).finish(),
    ...reports.map((bytes) => textField(2, bytes)),
  ]);

const violationsOf = (receipt: Receipt | undefined): readonly string[] =>
  receipt?.violations.map(({ field, rule }) => `${field} ${Rule[rule]}`) ?? [];

/** One report that breaks the contract, beside what has to be said of it. */
const BAD_REPORTS: readonly { title: string; bytes: Uint8Array; expected: readonly string[] }[] = [
  { title: 'random bytes', bytes: randomBytes(400), expected: [' MALFORMED'] },
  { title: 'a report that ends in the middle', bytes: good('cut').subarray(0, 40), expected: [' MALFORMED'] },
  {
    title: 'a text that is not UTF-8',
    bytes: Buffer.concat([good('x'), textField(33, Buffer.from([0x61, 0xff, 0xfe, 0x62]))]),
    expected: [' MALFORMED'],
  },
  {
    title: 'a field that the contract does not have',
    bytes: Buffer.concat([good('x'), textField(999, Buffer.from('anything'))]),
    expected: ['#999 UNKNOWN_FIELD'],
  },
  {
    title: 'an enum value that the contract does not have',
    bytes: Buffer.concat([good('x'), new BinaryWriter().tag(11, WireType.Varint).int32(4_711).finish()]),
    expected: ['category UNKNOWN_VALUE'],
  },
  {
    title: 'a negative enum value',
    bytes: Buffer.concat([good('x'), new BinaryWriter().tag(25, WireType.Varint).int32(-1).finish()]),
    expected: ['detection_method UNKNOWN_VALUE'],
  },
  {
    title: 'a date in the year 1',
    bytes: good('x', { detectedAt: { instant: { seconds: -62_135_596_800n } } }),
    expected: ['detected_at.instant RANGE'],
  },
  {
    title: 'a date in the year 9999',
    bytes: good('x', { detectedAt: { instant: { seconds: LAST_YEAR_S } } }),
    expected: ['detected_at.instant RANGE'],
  },
  {
    title: 'a date that no calendar has',
    bytes: good('x', { detectedAt: { instant: { seconds: 9_223_372_036_854_775_807n, nanos: -5 } } }),
    expected: ['detected_at.instant RANGE'],
  },
  {
    title: '17 locations',
    bytes: good('x', {
      locations: Array.from({ length: 17 }, (_, i) => ({ url: `https://host.example/${i}` })),
    }),
    expected: ['locations TOO_MANY'],
  },
  {
    title: '10,000 locations',
    bytes: good('x', { locations: Array.from({ length: 10_000 }, () => ({ url: 'https://host.example/' })) }),
    expected: ['locations TOO_MANY'],
  },
  {
    title: 'a picture',
    bytes: good('x', { additionalInfo: `data:image/png;base64,${'iVBORw0KGgo'.repeat(40)}` }),
    expected: ['additional_info MEDIA'],
  },
  {
    title: 'an id of 501 characters',
    bytes: good('x'.repeat(501)),
    expected: ['report_id LENGTH'],
  },
];

function randomBytes(count: number, seed = SEED): Buffer {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
}

describe('bad input', () => {
  let place: Place;
  let serving: Serving;
  let client: GatewayClient;
  let token: string;
  /** Ids of good reports that were sent beside the bad ones. */
  const goodIds: string[] = [];

  beforeAll(async () => {
    place = await Place.make();
    serving = await place.start('--landing-wait-ms', '50');
    token = await place.provider('Lachan Demo Bad');
    client = new GatewayClient(serving.grpc, token);
  });

  afterAll(async () => {
    client.close();
    await place.remove();
  });

  const nextGood = (): string => {
    goodIds.push(`good-${goodIds.length}`);
    return goodIds.at(-1) ?? '';
  };
  const grpcPort = (): number => Number(serving.grpc.split(':').at(-1));

  // Whatever a test has sent: the process is as well as before, and takes reports.
  afterEach(async () => {
    const response = await fetch(`${serving.http}/healthz`, { signal: AbortSignal.timeout(LIMIT_MS) });
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
    const [receipt] = await client.submit([exampleMessage(nextGood())]);
    expect(receipt?.status).toBe(ReceiptStatus.ACCEPTED);
  });

  describe('as one report of a batch', () => {
    it.each(BAD_REPORTS)(
      '$title: refused by field and rule, and the reports beside it are accepted',
      async (bad) => {
        const request = requestOf(good(nextGood()), bad.bytes, good(nextGood()));
        const receipts = await client.receipts(request);
        expect(receipts.map(({ index, status }) => [index, ReceiptStatus[status]])).toEqual([
          [0, 'ACCEPTED'],
          [1, 'REJECTED'],
          [2, 'ACCEPTED'],
        ]);
        expect(violationsOf(receipts[1])).toEqual(bad.expected);
      },
    );

    it('all of it at once, on one stream: each is refused, the good ones are accepted, the stream goes on', async () => {
      const stream = client.stream();
      for (const [i, bad] of BAD_REPORTS.entries()) {
        stream.sendBytes(streamRequestOf(i + 1, bad.bytes, good(nextGood())));
      }
      for (const [i, bad] of BAD_REPORTS.entries()) {
        const { receipts } = await stream.answer(i + 1);
        expect(violationsOf(receipts[0])).toEqual(bad.expected);
        expect(receipts[1]?.status).toBe(ReceiptStatus.ACCEPTED);
      }
      stream.finish();
      expect(await stream.ended()).toMatchObject({ code: 'OK' });
    });
  });

  describe('as a whole message', () => {
    it.each([
      ['nothing', new Uint8Array(), ['reports REQUIRED']],
      ['random bytes', randomBytes(300), [' MALFORMED']],
      ['a batch that ends in the middle', requestOf(good('cut')).subarray(0, 30), [' MALFORMED']],
      ['1,001 reports', requestOf(...Array.from({ length: 1_001 }, () => good('x'))), ['reports TOO_MANY']],
      [
        'an unknown field',
        Buffer.concat([requestOf(good('x')), textField(77, Buffer.from('y'))]),
        ['#77 UNKNOWN_FIELD'],
      ],
    ])('%s: INVALID_ARGUMENT with the field and the rule', async (_title, bytes, expected) => {
      const answer = await client.submitBytes(bytes);
      expect(answer).toMatchObject({ ok: false, code: 'INVALID_ARGUMENT' });
      expect(answer.ok ? undefined : answer.rich?.violations).toEqual(expected);
    });

    it('on a stream a batch that cannot be used is answered under its number, and the stream goes on', async () => {
      const stream = client.stream();
      stream.sendBytes(streamRequestOf(1));
      stream.sendBytes(streamRequestOf(2, good(nextGood())));
      const refused = await stream.answer(1);
      expect(refused.violations.map(({ field, rule }) => `${field} ${Rule[rule]}`)).toEqual([
        'reports REQUIRED',
      ]);
      expect(refused.receipts).toEqual([]);
      expect((await stream.answer(2)).receipts[0]?.status).toBe(ReceiptStatus.ACCEPTED);
      stream.finish();
      await stream.ended();
    });

    it('on a stream a batch without a number ends the stream with the reason', async () => {
      const stream = client.stream();
      stream.sendBytes(randomBytes(200));
      const { code, rich } = await stream.ended();
      expect(code).toBe('INVALID_ARGUMENT');
      expect(rich?.violations).toEqual(expect.arrayContaining([' MALFORMED']));
    });

    it('of more than 4 MiB: RESOURCE_EXHAUSTED, alone or on a stream, and other streams go on', async () => {
      const tooLarge = {
        code: 'RESOURCE_EXHAUSTED',
        message: expect.stringContaining(String(4 * MIB)) as unknown,
      };
      const large = requestOf(good('x'), good('y', { additionalInfo: 'a'.repeat(5 * MIB) }));
      expect(await client.submitBytes(large)).toMatchObject(tooLarge);
      const other = client.stream();
      await other.message(0);
      const stream = client.stream();
      stream.sendBytes(Buffer.concat([streamRequestOf(1), Buffer.alloc(5 * MIB)]));
      expect(await stream.ended()).toMatchObject(tooLarge);
      other.sendBytes(streamRequestOf(1, good(nextGood())));
      expect((await other.answer(1)).receipts[0]?.status).toBe(ReceiptStatus.ACCEPTED);
      other.finish();
      await other.ended();
    });

    it('just below 4 MiB: read, and refused or taken report by report', async () => {
      const filling = good('large', { additionalInfo: 'a'.repeat(4 * MIB - 4_096) });
      const request = requestOf(good(nextGood()), filling);
      expect(request.length).toBeLessThan(4 * MIB);
      const receipts = await client.receipts(request);
      expect(violationsOf(receipts[0])).toEqual([]);
      expect(violationsOf(receipts[1])).toEqual(['additional_info LENGTH']);
    });
  });

  describe('as HTTP/2 that gRPC does not understand', () => {
    let session: ClientHttp2Session;

    beforeAll(() => {
      session = connectHttp2(`http://${serving.grpc}`);
      session.on('error', () => undefined);
    });
    afterAll(() => session.destroy());

    const header = (length: number, compressed = 0): Buffer => {
      const prefix = Buffer.alloc(5);
      prefix[0] = compressed;
      prefix.writeUInt32BE(length, 1);
      return prefix;
    };

    /** Sends a body to SubmitReports; the headers and trailers of the answer. */
    async function post(
      body: Buffer,
      more: Readonly<Record<string, string>> = {},
    ): Promise<Record<string, unknown>> {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/lachan.v1.ReportService/SubmitReports',
        'content-type': 'application/grpc',
        te: 'trailers',
        authorization: `Bearer ${token}`,
        ...more,
      });
      const seen: Record<string, unknown> = {};
      stream.on('response', (headers) => void Object.assign(seen, headers));
      stream.on('trailers', (headers) => void Object.assign(seen, headers));
      stream.on('error', (error: Error) => void (seen['error'] = error.message));
      stream.resume();
      const closed = new Promise<void>((resolve) => stream.once('close', resolve));
      stream.end(body);
      await within(LIMIT_MS, 'the call to end', closed);
      return seen;
    }

    it('a message that announces more bytes than come: an error', async () => {
      const seen = await post(Buffer.concat([header(1_000), Buffer.alloc(10)]));
      expect(seen['grpc-status']).not.toBe('0');
      expect(seen['grpc-status'] ?? seen['error']).toBeDefined();
    });

    it('a message that announces 4 GiB: RESOURCE_EXHAUSTED, before they come', async () => {
      expect(await post(header(0xffff_ffff))).toMatchObject({ 'grpc-status': '8' });
    });

    it('256 MiB of nothing, compressed: refused without being unpacked', async () => {
      const bomb = gzipSync(Buffer.alloc(256 * MIB));
      const body = Buffer.concat([header(bomb.length, 1), bomb]);
      const before = await residentBytes();
      expect(await post(body, { 'grpc-encoding': 'gzip' })).toMatchObject({ 'grpc-status': '8' });
      expect((await residentBytes()) - before).toBeLessThan(200 * MIB);
    });

    it('an encoding that nobody knows: UNIMPLEMENTED', async () => {
      const body = Buffer.concat([header(3, 1), Buffer.from('abc')]);
      expect(await post(body, { 'grpc-encoding': 'zip9' })).toMatchObject({ 'grpc-status': '12' });
    });

    it('a method that nobody knows: UNIMPLEMENTED', async () => {
      const seen = await post(header(0), { ':path': '/lachan.v1.ReportService/DropReports' });
      expect(seen).toMatchObject({ 'grpc-status': '12' });
    });

    it('another content type: 415', async () => {
      expect(await post(Buffer.from('{}'), { 'content-type': 'application/json' })).toMatchObject({
        ':status': 415,
      });
    });

    async function residentBytes(): Promise<number> {
      const text = await (await fetch(`${serving.http}/metrics`)).text();
      return Number(/^lachan_process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
    }
  });

  describe('as bytes on the port', () => {
    /** Sends these, and reads until the other side closes; what came back. */
    async function exchange(bytes: Uint8Array, to: number): Promise<Buffer> {
      const chunks: Buffer[] = [];
      const socket = connect(to, '127.0.0.1');
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', () => undefined);
      socket.write(bytes);
      try {
        await within(LIMIT_MS, 'the connection to be closed', closed);
      } finally {
        socket.destroy();
      }
      return Buffer.concat(chunks);
    }

    it.each([1, 2, 3, 4])('random bytes: the connection is closed (%i)', async (n) => {
      await exchange(randomBytes(20_000, SEED + n), grpcPort());
    });

    it('random frames behind a good preface: the connection is closed', async () => {
      const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      await exchange(Buffer.concat([preface, randomBytes(20_000, SEED + 9)]), grpcPort());
    });

    it('an HTTP/1 request: the connection is closed with what HTTP/2 says about it', async () => {
      const answer = await exchange(
        Buffer.from('GET / HTTP/1.1\r\nHost: lachan.example\r\n\r\n'),
        grpcPort(),
      );
      // A frame of type GOAWAY (7) on stream 0: RFC 9113, 3.4 and 6.8.
      expect(frameTypes(answer)).toContain(7);
    });

    it('random bytes on the port for health: 400', async () => {
      const answer = await exchange(randomBytes(2_000, SEED + 10), Number(serving.http.split(':').at(-1)));
      expect(answer.toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
    });

    it.each([
      ['/operations/figure', 'POST', '[]', 401],
      ['/operations/drop', 'POST', '[]', 404],
      ['/etc/passwd', 'GET', undefined, 404],
      ['/', 'GET', undefined, 404],
    ])('%s by whoever cannot read the data directory: refused', async (path, method, body, status) => {
      const response = await fetch(serving.http + path, { method, ...(body === undefined ? {} : { body }) });
      expect(response.status).toBe(status);
      expect(await response.json()).toHaveProperty('error');
    });
  });

  it('has kept no good report from landing, and none of the bad has become one', async () => {
    const counts = await until('the good reports to land', async () => {
      const found = recordOf(await place.json('query', 'counts', '--format', 'json'));
      return Number(found['log_records']) >= goodIds.length ? found : undefined;
    });
    expect(counts).toMatchObject({ log_records: goodIds.length, reports: goodIds.length, dead_letters: 0 });
  });
});

function frameTypes(bytes: Buffer): readonly number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes[at + 3] ?? 0);
  return types;
}
