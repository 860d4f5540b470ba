import { existsSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { ReceiptStatus } from '@lachan/proto/report-service';
import { Reporter } from '@lachan/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { example, exampleMessages } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { Place, recordOf, textOf, until } from '../support/lachan-process.js';

/** After 10 s whatever callers keep open is cut off; the rest is room for a machine that does other things too. */
const CUT_OFF_MS = 10_000;
const LATEST_MS = CUT_OFF_MS + 25_000;
const BATCH = 100;

describe('SIGTERM', () => {
  let place: Place;
  const closing: (() => unknown)[] = [];

  beforeEach(async () => {
    place = await Place.make();
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await place.remove();
  });

  const clientOf = (address: string, token: string): GatewayClient => {
    const client = new GatewayClient(address, token);
    closing.push(() => client.close());
    return client;
  };
  const landed = async (): Promise<readonly string[]> => {
    const [rows = []] = await place.select(`SELECT report_id FROM records WHERE outcome = 'REPORT'`);
    return rows.map((row) => textOf(row['report_id']));
  };

  it('under load: what was taken is answered, streams end in order, nothing acknowledged is lost', async () => {
    const serving = await place.start();
    const token = await place.provider('Lachan Demo Load');
    const acknowledged = new Set<string>();

    // Two senders that send as fast as they are let, and one stream that is watched to its end.
    const reporters = [0, 1].map(() => new Reporter({ endpoint: serving.grpc, token, deadlineMs: 300_000 }));
    let sending = true;
    const senders = reporters.map(async (reporter, i) => {
      for (let n = 0; sending; n += 1) {
        await reporter.ready();
        void reporter.report(example(`sdk-${i}-${n}`)).then((receipt) => {
          if (receipt.status === 'ACCEPTED') acknowledged.add(receipt.reportId);
        });
        if (n % BATCH === 0) await new Promise(setImmediate);
      }
    });
    const stream = clientOf(serving.grpc, token).stream();
    let answered = 0;
    const streaming = (async () => {
      for (let sequence = 1; sending; sequence += 1) {
        stream.send(sequence, exampleMessages(`raw-${sequence}`, BATCH));
        await until('the stream to take more', () => {
          answered = stream.messages.length - 1;
          return !sending || sequence - answered < 20 || undefined;
        });
      }
    })();
    await until('all three to be answered', () => (acknowledged.size > 2_000 && answered > 5) || undefined);

    const startedMs = performance.now();
    const exit = await serving.process.stop();
    const tookMs = performance.now() - startedMs;
    sending = false;
    expect(exit).toEqual({ code: 0, signal: null });
    expect(tookMs).toBeLessThan(LATEST_MS);
    expect(existsSync(join(place.dataDir, 'running.json'))).toBe(false);

    expect(await stream.ended()).toMatchObject({ code: 'OK' });
    await Promise.all([
      ...senders,
      streaming,
      ...reporters.map((reporter) => reporter.close({ deadlineMs: 0 })),
    ]);
    for (const { receipts } of stream.responses()) {
      for (const { status, reportId } of receipts) {
        expect(status).toBe(ReceiptStatus.ACCEPTED);
        acknowledged.add(reportId);
      }
    }

    const audit = await place.run('audit', '--json');
    expect(audit.code).toBe(0);
    const ids = await landed();
    expect(ids.length).toBe(new Set(ids).size);
    const there = new Set(ids);
    expect([...acknowledged].filter((id) => !there.has(id))).toEqual([]);
  });

  it('with callers that hold on: they are cut off, and the process ends well before long', async () => {
    const serving = await place.start();
    const token = await place.provider('Lachan Demo Stubborn');
    const sockets: Socket[] = [];
    const open = (address: string, text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(address.split(':').at(-1)), '127.0.0.1', () => {
          socket.write(text, () => resolve());
        });
        socket.once('error', reject).on('error', () => undefined);
        sockets.push(socket);
      });
    closing.push(() => sockets.forEach((socket) => socket.destroy()));

    // A stream that is kept open, one whose answers nobody reads, and one that never says anything.
    const client = clientOf(serving.grpc, token);
    const kept = client.stream();
    kept.send(1, exampleMessages('kept', 10));
    await kept.answer(1);
    const session = connectHttp2(`http://${serving.grpc}`, { settings: { initialWindowSize: 0 } });
    session.on('error', () => undefined);
    closing.push(() => session.destroy());
    const unread = session.request({
      ':method': 'POST',
      ':path': '/lachan.v1.ReportService/StreamReports',
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: `Bearer ${token}`,
    });
    unread.on('error', () => undefined);
    await open(serving.grpc, '');
    await open(serving.grpc, 'PRI * HTTP/2.0\r\n');
    await open(serving.http, '');
    await open(serving.http, 'GET /healthz HTTP/1.1\r\nHost: x\r\n');
    await open(serving.http, 'POST /operations/figure HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[');
    const watch = client.stream('/grpc.health.v1.Health/Watch');
    watch.sendBytes(new Uint8Array());
    watch.finish();
    await watch.message(0);

    const startedMs = performance.now();
    const exit = await serving.process.stop();
    expect(exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(LATEST_MS);
    expect(await kept.ended()).toMatchObject({ code: 'OK' });
    expect((await watch.ended()).code).not.toBe('OK');
    expect(await landed()).toHaveLength(10);
  });

  it('before anything has landed: the next start lands it, under the same ids', async () => {
    // Landing would wait for a minute.
    const first = await place.start('--landing-wait-ms', '60000');
    const token = await place.provider('Lachan Demo Early');
    const receipts = await clientOf(first.grpc, token).submit(exampleMessages('early', 500));
    const ids = receipts.map(({ authorityReportId }) => authorityReportId);
    expect(await first.process.stop()).toEqual({ code: 0, signal: null });

    const second = await place.start('--landing-wait-ms', '50');
    const counts = await place.json('query', 'counts', '--format', 'json');
    expect(recordOf(counts)).toMatchObject({ log_records: 500, reports: 500, duplicates: 0 });
    const again = await clientOf(second.grpc, token).submit(exampleMessages('early', 500));
    expect(again.map(({ authorityReportId }) => authorityReportId)).toEqual(ids);
    expect(await second.process.stop()).toEqual({ code: 0, signal: null });
  });

  it('and SIGINT mean the same', async () => {
    const serving = await place.start();
    serving.process.signal('SIGINT');
    expect(await serving.process.ended(LATEST_MS)).toEqual({ code: 0, signal: null });
  });
});
