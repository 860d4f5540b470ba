import { create } from '@bufbuild/protobuf';
import { ReceiptStatus, Rule } from '@lachan/proto/report-service';
import {
  EventReceiptSchema,
  TakedownEventSchema,
  type EventReceipt,
  type TakedownEvent,
} from '@lachan/proto/takedown';
import { describe, expect, it } from 'vitest';
import { CallFault } from '../../../cli/authority-client.js';
import type { ReadEvent } from '../../../cli/submit/read-events.js';
import { noEventsSent, sendEvents } from '../../../cli/submit/send-events.js';

const lineOf = (line: number, url: string, length = 200): ReadEvent => ({
  file: 'history.ndjson',
  line,
  length,
  read: { ok: true, event: create(TakedownEventSchema, { eventId: `e-${line}`, location: { url } }) },
});
const bad = (line: number): ReadEvent => ({
  file: 'history.ndjson',
  line,
  length: 10,
  read: { ok: false, violations: [{ field: 'type', rule: 'UNKNOWN_VALUE', message: 'no' }] },
});
const urlOf = (n: number): string => `https://lachan-demo-${n}.vn/x`;

async function* linesOf(
  lines: Iterable<ReadEvent>,
  onRead: () => void = () => undefined,
): AsyncGenerator<ReadEvent> {
  for (const line of lines) {
    onRead();
    // A turn of the loop, as reading a file gives.
    await Promise.resolve();
    yield line;
  }
}
const accepted = (events: readonly TakedownEvent[]): EventReceipt[] =>
  events.map(({ eventId }, index) =>
    create(EventReceiptSchema, { index, eventId, status: ReceiptStatus.ACCEPTED }),
  );

describe('sending takedown events', () => {
  it('sends every event once, 500 at a time at the most, and those of a location in their order', async () => {
    const arrived: TakedownEvent[] = [];
    const sizes: number[] = [];
    const sent = noEventsSent();
    const lines = Array.from({ length: 12_345 }, (_, i) => lineOf(i + 1, urlOf(i % 37)));
    let turn = 0;
    await sendEvents(
      linesOf(lines),
      async (events) => {
        sizes.push(events.length);
        // Batches overtake each other.
        turn += 1;
        await new Promise((resolve) => setTimeout(resolve, turn % 3));
        arrived.push(...events);
        return accepted(events);
      },
      sent,
    );
    expect(sent).toMatchObject({ read: 12_345, accepted: 12_345, rejected: 0, unsent: 0 });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
    for (let n = 0; n < 37; n += 1) {
      const ids = arrived.filter(({ location }) => location?.url === urlOf(n)).map(({ eventId }) => eventId);
      expect(ids).toEqual(lines.filter((_, i) => i % 37 === n).map(({ line }) => `e-${line}`));
    }
  });

  it('holds only a few batches, however long the file is', async () => {
    const sent = noEventsSent();
    let read = 0;
    let answered = 0;
    let most = 0;
    const lines = (function* () {
      for (let line = 1; line <= 50_000; line += 1) yield lineOf(line, urlOf(line));
    })();
    await sendEvents(
      linesOf(lines, () => (read += 1)),
      async (events) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        most = Math.max(most, read - answered);
        answered += events.length;
        return accepted(events);
      },
      sent,
    );
    expect(sent.accepted).toBe(50_000);
    // Four being filled, four on their way.
    expect(most).toBeLessThanOrEqual(8 * 500 + 1);
  });

  it('keeps a batch of long lines below what the gateway takes', async () => {
    const sent = noEventsSent();
    const lines = Array.from({ length: 100 }, (_, i) => lineOf(i + 1, urlOf(1), 90_000));
    const sizes: number[] = [];
    await sendEvents(
      linesOf(lines),
      (events) => {
        sizes.push(events.length);
        return Promise.resolve(accepted(events));
      },
      sent,
    );
    expect(sent.accepted).toBe(100);
    expect(Math.max(...sizes) * 90_000 * 3).toBeLessThan(4 * 1024 * 1024);
  });

  it('bad lines and rejected events are told by file and line, and stop nothing', async () => {
    const sent = noEventsSent();
    await sendEvents(
      linesOf([lineOf(1, urlOf(1)), bad(2), lineOf(3, urlOf(1)), lineOf(4, urlOf(1))]),
      (events) =>
        Promise.resolve(
          accepted(events).map((receipt, i) =>
            events[i]?.eventId === 'e-3'
              ? create(EventReceiptSchema, {
                  status: ReceiptStatus.REJECTED,
                  violations: [{ field: 'addressee', rule: Rule.REQUIRED, message: 'Must be given.' }],
                })
              : receipt,
          ),
        ),
      sent,
    );
    expect(sent).toMatchObject({ read: 4, accepted: 2, rejected: 2, unsent: 0 });
    expect(sent.rejections).toEqual([
      {
        file: 'history.ndjson',
        line: 2,
        violations: [{ field: 'type', rule: 'UNKNOWN_VALUE', message: 'no' }],
      },
      {
        file: 'history.ndjson',
        line: 3,
        violations: [{ field: 'addressee', rule: 'REQUIRED', message: 'Must be given.' }],
      },
    ]);
  });

  it('stops reading when a batch gets no answer, and counts what was not answered', async () => {
    const sent = noEventsSent();
    let read = 0;
    let calls = 0;
    const lines = Array.from({ length: 50_000 }, (_, i) => lineOf(i + 1, urlOf(i)));
    await sendEvents(
      linesOf(lines, () => (read += 1)),
      (events) => {
        calls += 1;
        if (calls > 3) return Promise.reject(new CallFault('UNAVAILABLE', 'nobody answered', [], undefined));
        return Promise.resolve(accepted(events));
      },
      sent,
    );
    expect(sent.firstUnsent).toBe('nobody answered');
    expect(sent.accepted).toBe(1_500);
    expect(sent.accepted + sent.unsent).toBe(sent.read);
    expect(read).toBeLessThan(10_000);
  });
});
