import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeEvents } from '../../consumers/takedown/decode-event.js';
import { judgeEvents, type JudgedEvent } from '../../consumers/takedown/judge-events.js';
import { takedownRecordCodec } from '../../schemas/record-codec.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import type { Select } from '../../store/queries/select.js';
import { locationKeyOf, takedownRecordOf } from '../support/takedown-records.js';

/** One partition: batches are judged one after the other, and what was judged is in the store. */
class Partition {
  readonly judged: JudgedEvent[] = [];
  /** As the store answers: by case, of what stands before an offset. */
  readonly #select: Select = (_, params = {}) => {
    const { environment, offset, cases, events } = params;
    const wanted = (list: unknown, key: string): boolean =>
      Array.isArray(list) && list.some((other) => String(other).replaceAll('-', '') === key);
    const found = new Map<string, { location: string; acts: number; known: string[] }>();
    for (const event of this.judged) {
      if (event.outcome !== 'EVENT' || event.offset >= Number(offset)) continue;
      if (event.record.environment !== environment || !wanted(cases, event.locationKey)) continue;
      const row = found.get(event.locationKey) ?? { location: event.locationKey, acts: 0, known: [] };
      if (event.isAct && !event.isOutdated) row.acts += 1;
      if (wanted(events, event.eventKey)) row.known.push(event.eventKey + event.digest);
      found.set(event.locationKey, row);
    }
    return Promise.resolve([...found.values()]);
  };

  judge(offset: number, values: readonly Uint8Array[]): Promise<readonly JudgedEvent[]> {
    const decoded = decodeEvents(values.map((value, n) => ({ offset: offset + n, value })));
    return judgeEvents(decoded, this.#select, { epoch: 1, partition: 0, offset });
  }

  async land(...batch: readonly Partial<TakedownRecord>[]): Promise<string[]> {
    const values = batch.map((change) => takedownRecordCodec.encode(takedownRecordOf(change)));
    const judged = await this.judge(this.judged.length, values);
    this.judged.push(...judged);
    return judged.map(verdictOf);
  }
}

const verdictOf = (event: JudgedEvent): string =>
  event.outcome === 'EVENT' && event.isOutdated ? 'OUTDATED' : event.outcome;

const act = (n: number, change: Partial<TakedownRecord> = {}): Partial<TakedownRecord> => ({
  eventId: `e-${n}`,
  ...change,
});
const elsewhere = { locationKey: locationKeyOf('lachan-demo-2.vn') };
const breached = { type: 'BREACHED', actorRole: 'SYSTEM', cycle: 1, n: 1, rule: 'rule@1' };

describe('judging events', () => {
  it('takes the same event again for a duplicate, in the batch and after it', async () => {
    const partition = new Partition();
    expect(await partition.land(act(1), act(2), act(1))).toEqual(['EVENT', 'EVENT', 'DUPLICATE']);
    expect(await partition.land(act(2), act(3), act(2))).toEqual(['DUPLICATE', 'EVENT', 'DUPLICATE']);
  });

  it('takes the same id with another content for a conflict with what came first', async () => {
    const partition = new Partition();
    const other = act(1, { type: 'ESCALATED' });
    expect(await partition.land(act(1), other, act(1))).toEqual(['EVENT', 'CONFLICT', 'DUPLICATE']);
    expect(await partition.land(other, other)).toEqual(['CONFLICT', 'CONFLICT']);
  });

  it('tells apart the same id of another actor, another world and another case', async () => {
    const partition = new Partition();
    const others = [
      act(1),
      act(1, { actorId: 'op-2' }),
      act(1, { environment: 'PRODUCTION' }),
      act(1, elsewhere),
    ];
    expect(await partition.land(...others)).toEqual(['EVENT', 'EVENT', 'EVENT', 'EVENT']);
    expect(await partition.land(...others)).toEqual(['DUPLICATE', 'DUPLICATE', 'DUPLICATE', 'DUPLICATE']);
  });

  it('calls outdated who has seen another version than the acts that came before', async () => {
    const partition = new Partition();
    expect(await partition.land(act(1, { seenVersion: 0 }), act(2, { seenVersion: 0 }))).toEqual([
      'EVENT',
      'OUTDATED',
    ]);
    expect(await partition.land(act(3, { seenVersion: 1 }), act(4, { seenVersion: 2 }), act(5))).toEqual([
      'EVENT',
      'EVENT',
      'EVENT',
    ]);
    expect(await partition.land(act(6, { seenVersion: 5 }), act(7, { seenVersion: 4 }))).toEqual([
      'OUTDATED',
      'EVENT',
    ]);
  });

  it('counts no duplicate, no conflict, no notification and nothing of another case as an act', async () => {
    const partition = new Partition();
    await partition.land(act(1), act(1), act(1, { type: 'ESCALATED' }), act(2, breached), act(3, elsewhere));
    expect(await partition.land(act(4, { seenVersion: 1 }))).toEqual(['EVENT']);
  });

  it('leaves what cannot be read where it stands', async () => {
    const partition = new Partition();
    const good = takedownRecordCodec.encode(takedownRecordOf());
    const judged = await partition.judge(0, [good, Buffer.from('no event'), good]);
    expect(judged.map(verdictOf)).toEqual(['EVENT', 'DEAD_LETTER', 'DUPLICATE']);
  });

  it('asks for the cases of a large batch some thousand at a time', async () => {
    let asked = 0;
    const select: Select = (_, params) => {
      const { cases, events } = params ?? {};
      const count = (Array.isArray(cases) ? cases.length : 0) + (Array.isArray(events) ? events.length : 0);
      expect(count).toBeLessThanOrEqual(5_000);
      asked += count;
      return Promise.resolve([]);
    };
    const values = Array.from({ length: 20_000 }, (_, n) =>
      takedownRecordCodec.encode({
        ...takedownRecordOf(),
        eventKey: Buffer.alloc(16, `e${n}.`),
        locationKey: Buffer.alloc(16, `l${n}.`),
      }),
    );
    const decoded = decodeEvents(values.map((value, offset) => ({ offset, value })));
    const judged = await judgeEvents(decoded, select, { epoch: 1, partition: 0, offset: 0 });
    expect(asked).toBe(40_000);
    expect(new Set(judged.map(verdictOf))).toEqual(new Set(['EVENT']));
  });

  it('gives the same verdicts however the log is cut into batches, and when a batch is landed again', async () => {
    const someEvent = fc.record({
      eventId: fc.integer({ min: 0, max: 4 }).map((n) => `e-${n}`),
      type: fc.constantFrom('TRIAGED', 'ESCALATED'),
      locationKey: fc.constantFrom(locationKeyOf('lachan-demo-1.vn'), locationKeyOf('lachan-demo-2.vn')),
      seenVersion: fc.option(fc.integer({ min: 0, max: 4 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(someEvent, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
        async (events, sizes) => {
          const values = events.map((change) => takedownRecordCodec.encode(takedownRecordOf(change)));
          const whole = await new Partition().judge(0, values);
          const cut = new Partition();
          for (let at = 0, n = 0; at < values.length; n += 1) {
            const batch = values.slice(at, at + sizes[n % sizes.length]!);
            cut.judged.push(...(await cut.judge(at, batch)));
            const again = await cut.judge(at, batch);
            expect(again.map(verdictOf)).toEqual(cut.judged.slice(at).map(verdictOf));
            at += batch.length;
          }
          expect(cut.judged.map(verdictOf)).toEqual(whole.map(verdictOf));
        },
      ),
      { numRuns: 200 },
    );
  });
});
