import { create, createFileRegistry, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  durationMs,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';
import { ReceiptStatus } from '@lachan/proto/report-service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleMessages } from '../support/example-reports.js';
import { GatewayClient, type Answer, type RichStatus } from '../support/gateway-client.js';
import { Place, type Serving } from '../support/lachan-process.js';

const SERVICE = 'lachan.v1.ReportService';
/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const SERVING = 1;

/** Values of the length-delimited and varint fields of a message, by number. */
function fieldsOf(bytes: Uint8Array): ReadonlyMap<number, readonly (Uint8Array | number)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const value = type === WireType.LengthDelimited ? reader.bytes() : reader.uint32();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}
const textField = (number: number, text: string): Uint8Array =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).string(text).finish();
const bytesAt = (bytes: Uint8Array, number: number): readonly Uint8Array[] =>
  (fieldsOf(bytes).get(number) ?? []).filter((value) => value instanceof Uint8Array);
const bytesOf = (answer: Answer): Uint8Array => {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.bytes;
};
const richOf = (answer: Answer): RichStatus | undefined => (answer.ok ? undefined : answer.rich);

describe('what a caller with nothing but the address and a token finds', () => {
  let place: Place;
  let serving: Serving;
  let client: GatewayClient;
  let stranger: GatewayClient;

  beforeAll(async () => {
    place = await Place.make();
    // Landing waits long and little may wait for it, so that a caller is soon told to wait.
    serving = await place.start('--landing-wait-ms', '5000', '--max-landing-lag', '1000');
    client = new GatewayClient(serving.grpc, await place.provider('Lachan Demo Caller'));
    stranger = new GatewayClient(serving.grpc, 'a-token-that-nobody-was-ever-given');
  });

  afterAll(async () => {
    client.close();
    stranger.close();
    await place.remove();
  });

  describe('health v1', () => {
    it.each(['', SERVICE])('says SERVING of "%s", without a token', async (service) => {
      const answer = await stranger.call('/grpc.health.v1.Health/Check', textField(1, service));
      expect(fieldsOf(bytesOf(answer)).get(1)).toEqual([SERVING]);
    });

    it('says NOT_FOUND of a service that is not there', async () => {
      const answer = await stranger.call('/grpc.health.v1.Health/Check', textField(1, 'lachan.v1.NoService'));
      expect(answer).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    });

    it('says NOT_SERVING to whoever watches when the process is told to stop', async () => {
      const other = await Place.make();
      try {
        const { grpc, process } = await other.start();
        const watcher = new GatewayClient(grpc);
        const watch = watcher.stream('/grpc.health.v1.Health/Watch');
        watch.sendBytes(textField(1, SERVICE));
        watch.finish();
        expect(fieldsOf(await watch.message(0)).get(1)).toEqual([SERVING]);
        const stopped = process.stop();
        expect(fieldsOf(await watch.message(1)).get(1)).toEqual([2]);
        watch.cancel();
        watcher.close();
        expect(await stopped).toEqual({ code: 0, signal: null });
      } finally {
        await other.remove();
      }
    });
  });

  describe('server reflection v1', () => {
    /** The answer to one ServerReflectionRequest: its fields. */
    async function reflect(request: Uint8Array): Promise<Uint8Array> {
      const stream = stranger.stream('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
      stream.sendBytes(request);
      const response = await stream.message(0);
      stream.finish();
      await stream.ended();
      return response;
    }

    it('lists the service', async () => {
      const [list = new Uint8Array()] = bytesAt(await reflect(textField(7, '')), 6);
      const names = bytesAt(list, 1).flatMap((service) => bytesAt(service, 1));
      expect(names.map((name) => Buffer.from(name).toString())).toContain(SERVICE);
    });

    it('is enough to make a call from JSON and to read its answer, as grpcurl does', async () => {
      const known = new Map<string, FileDescriptorProto>();
      const note = (response: Uint8Array): void => {
        for (const bytes of bytesAt(bytesAt(response, 4)[0] ?? new Uint8Array(), 1)) {
          const file = fromBinary(FileDescriptorProtoSchema, bytes);
          known.set(file.name, file);
        }
      };
      /** In the order in which they need one another. */
      const file: FileDescriptorProto[] = [];
      const add = async (name: string): Promise<void> => {
        if (!known.has(name)) note(await reflect(textField(3, name)));
        const found = known.get(name);
        if (found === undefined || file.includes(found)) return;
        for (const dependency of found.dependency) await add(dependency);
        file.push(found);
      };
      note(await reflect(textField(4, SERVICE)));
      for (const name of [...known.keys()]) await add(name);
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
      const service = registry.getService(SERVICE);
      expect(service?.methods.map(({ name, methodKind }) => [name, methodKind])).toEqual([
        ['SubmitReports', 'unary'],
        ['StreamReports', 'bidi_streaming'],
        ['GetReport', 'unary'],
        ['WatchOutcomes', 'server_streaming'],
      ]);
      const submit = service?.method['submitReports'];
      if (submit === undefined) throw new Error('there is no SubmitReports');
      const request = fromJson(submit.input, {
        reports: [
          {
            reportId: 'reflected-1',
            category: 'CATEGORY_CSAM',
            locations: [{ url: 'https://lachan-demo-1.vn/x' }],
            detectedAt: { instant: '2026-10-01T08:00:00Z' },
            detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
          },
        ],
      });
      const answer = await client.submitBytes(toBinary(submit.input, request));
      expect(toJson(submit.output, fromBinary(submit.output, bytesOf(answer)))).toMatchObject({
        receipts: [{ reportId: 'reflected-1', status: 'RECEIPT_STATUS_ACCEPTED' }],
      });
    });

    it('names every file by which the contract is known', async () => {
      const [response = new Uint8Array()] = bytesAt(await reflect(textField(3, 'lachan/v1/report.proto')), 4);
      const names = bytesAt(response, 1).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
      expect(names).toContain('lachan/v1/report.proto');
    });
  });

  describe('an error of a whole call carries google.rpc.Status', () => {
    it.each([
      ['SubmitReports', new Uint8Array()],
      ['GetReport', textField(1, 'r-1')],
    ])('%s without a valid token: UNAUTHENTICATED, with ErrorInfo', async (method, bytes) => {
      const answer = await stranger.call(`/${SERVICE}/${method}`, bytes);
      expect(answer).toMatchObject({ ok: false, code: 'UNAUTHENTICATED' });
      expect(richOf(answer)).toMatchObject({
        code: 16,
        reason: 'CREDENTIAL_NOT_VALID',
        domain: 'lachan',
        violations: undefined,
        retryAfterMs: undefined,
      });
    });

    it('StreamReports without a valid token: the same', async () => {
      const { code, rich } = await stranger.stream().ended();
      expect(code).toBe('UNAUTHENTICATED');
      expect(rich).toMatchObject({ code: 16, reason: 'CREDENTIAL_NOT_VALID', domain: 'lachan' });
    });

    it('a request that breaks the contract: INVALID_ARGUMENT, with BadRequest', async () => {
      const answer = await client.call(`/${SERVICE}/GetReport`, textField(1, 'not an id'));
      expect(answer).toMatchObject({ ok: false, code: 'INVALID_ARGUMENT' });
      expect(richOf(answer)).toMatchObject({ code: 3, domain: 'lachan', violations: ['report_id FORMAT'] });
    });

    it('a report that never landed: NOT_FOUND, with ErrorInfo', async () => {
      const answer = await client.call(`/${SERVICE}/GetReport`, textField(1, 'never-sent'));
      expect(answer).toMatchObject({ ok: false, code: 'NOT_FOUND' });
      expect(richOf(answer)).toMatchObject({ code: 5, domain: 'lachan', violations: undefined });
    });

    it('too much at once: RESOURCE_EXHAUSTED with RetryInfo, on a stream a delay and less credit', async () => {
      const stream = client.stream();
      await stream.message(0);
      const full = stream.responses()[0]?.credit ?? 0;
      stream.send(1, exampleMessages('waiting-a', 700));
      stream.send(2, exampleMessages('waiting-b', 700));
      const answered = [await stream.answer(1), await stream.answer(2)];
      expect(answered.flatMap(({ receipts }) => receipts)).toHaveLength(1_400);
      for (const { receipts } of answered) {
        expect(receipts.every(({ status }) => status === ReceiptStatus.ACCEPTED)).toBe(true);
      }

      stream.send(3, exampleMessages('waiting-c', 10));
      const throttled = await stream.answer(3);
      expect(throttled.receipts).toEqual([]);
      expect(throttled.throttle?.retryDelay && durationMs(throttled.throttle.retryDelay)).toBeGreaterThan(0);
      expect(throttled.credit).toBeLessThan(full);
      expect(throttled.credit).toBeGreaterThan(0);

      const refused = await client.submitBytes(Buffer.concat(['x', 'y'].map((id) => textField(1, id))));
      expect(refused).toMatchObject({ ok: false, code: 'RESOURCE_EXHAUSTED' });
      const rich = richOf(refused);
      expect(rich).toMatchObject({ code: 8, domain: 'lachan' });
      expect(rich?.retryAfterMs).toBeGreaterThan(0);

      // Told to wait, not turned away: after the delay the same batch is taken.
      for (let sequence = 4; ; sequence += 1) {
        stream.send(sequence, exampleMessages('waiting-c', 10));
        const { receipts, throttle } = await stream.answer(sequence);
        if (throttle === undefined) {
          expect(receipts.map(({ status }) => status)).toEqual(Array(10).fill(ReceiptStatus.ACCEPTED));
          break;
        }
        await new Promise((resolve) =>
          setTimeout(resolve, throttle.retryDelay && durationMs(throttle.retryDelay)),
        );
      }
      stream.finish();
      expect(await stream.ended()).toMatchObject({ code: 'OK' });
    });

    it('a call that nobody offers: UNIMPLEMENTED', async () => {
      const answer = await client.call('/lachan.v1.NoService/Nothing', new Uint8Array());
      expect(answer).toMatchObject({ ok: false, code: 'UNIMPLEMENTED' });
    });
  });
});
