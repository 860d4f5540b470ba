import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LandingFault, landPartition, type LandingOptions } from '../../consumers/land.js';
import { LogFault, type PartitionReader } from '../../log/log.js';
import { StoreFault, type Block } from '../../store/store.js';
import { MemoryLog, TOPIC } from '../support/memory-log.js';

const EPOCH = 4;

/** The table and the view of a store: rows land in three parts, each once under a token, as in the engine. */
class Sink {
  readonly parts = new Map<string, string[]>();
  /** Up to here, what has to be done before the commit has been. */
  keptTo = 0;

  landPart(part: 'even' | 'odd' | 'view', block: Block): void {
    const lines = Buffer.from(block.rows).toString().split('\n').slice(0, -1);
    const rows = lines.filter(
      (line) => part === 'view' || part === (parseInt(line) % 2 === 0 ? 'even' : 'odd'),
    );
    const name = `${part} ${block.token}`;
    if (!this.parts.has(name)) this.parts.set(name, rows);
  }

  /** Rows of the table, or of the view, in order of offset. */
  rows(view = false): string[] {
    return [...this.parts]
      .flatMap(([name, rows]) => (name.startsWith('view') === view ? rows : []))
      .sort((a, b) => parseInt(a) - parseInt(b));
  }
}

/** What happens at one moment of a run: nothing, the end of the process, or a fault that passes. */
type Event = 'goes on' | 'crash' | 'fault';

class Crash extends Error {}

/**
 * One process: landing between a log and a sink that hold what outlives it. At every moment between two
 * effects it asks what is to happen; after a crash nothing has an effect any more.
 */
class Process {
  dead = false;
  readonly retries: unknown[] = [];

  constructor(
    private readonly log: MemoryLog,
    private readonly sink: Sink,
    private readonly moment: () => Event,
    private readonly maxRecords = 3,
    private readonly atOnce = 3,
  ) {}

  /** Resolves when everything has landed; rejects with what stopped it. */
  async run(): Promise<void> {
    const reader = this.log.assign(this.atOnce);
    const unpredictable: PartitionReader = {
      topic: TOPIC,
      partition: 0,
      committed: reader.committed,
      revoked: reader.revoked,
      owned: () => reader.owned(),
      take: async (limits) => {
        this.#pass(() => new LogFault('UNAVAILABLE', 'The log of the test does not answer.'));
        const taken = await reader.take(limits);
        if (taken.length === 0 && this.log.committed?.offset === this.log.values.length) reader.revoke();
        return taken;
      },
      commit: async (offset, metadata) => {
        const fault = (): LogFault => new LogFault('UNAVAILABLE', 'The log of the test does not answer.');
        this.#pass(fault);
        const begun = /"pending":\[\d+,(\d+)\]/.exec(metadata);
        // The promise of the protocol: what is committed has landed.
        expect(this.sink.rows().length).toBeGreaterThanOrEqual(offset);
        if (begun === null) {
          expect(this.sink.rows()).toHaveLength(offset);
          expect(this.sink.keptTo).toBe(offset);
        }
        await reader.commit(offset, metadata);
        this.#pass(fault);
      },
    };
    await landPartition(unpredictable, this.#options());
  }

  #options(): LandingOptions {
    return {
      epoch: EPOCH,
      limits: { maxRecords: this.maxRecords, maxBytes: 1_000, maxWaitMs: 0 },
      retryMs: { first: 0, most: 0 },
      onRetry: (fault) => this.retries.push(fault),
      onLanded: () => undefined,
      afterInsert: async ({ to }) => {
        this.#pass();
        await Promise.resolve();
        expect(this.sink.rows().length).toBeGreaterThan(to);
        this.sink.keptTo = to + 1;
        this.#pass();
      },
      toRows: async (batch) => {
        this.#pass();
        await Promise.resolve();
        const lines = batch.map(({ offset, value }) => `${offset} ${Buffer.from(value).toString()}\n`);
        return { table: 't', columns: [], rows: Buffer.from(lines.join('')), rowCount: batch.length };
      },
      countLanded: ({ from, to }) => {
        const offsets = this.sink
          .rows()
          .map((row) => parseInt(row))
          .filter((offset) => offset >= from && offset <= to);
        return Promise.resolve({ rows: offsets.length, distinctOffsets: new Set(offsets).size });
      },
      store: {
        insert: async (block) => {
          const fault = (): StoreFault => new StoreFault('same-block', 'the store of the test refuses');
          // Nothing lands that the log does not know to be under way.
          const { metadata = '' } = this.log.committed ?? {};
          const [from, to] = block.token.split(':').at(-1)!.split('-');
          expect(metadata).toContain(`[${from},${to}]`);
          for (const part of ['even', 'odd', 'view'] as const) {
            this.#pass(fault);
            await Promise.resolve();
            this.sink.landPart(part, block);
          }
          this.#pass(fault);
        },
      },
    };
  }

  #pass(fault?: () => Error): void {
    if (this.dead) throw new Crash();
    const event = this.moment();
    this.dead = event === 'crash';
    if (this.dead) throw new Crash();
    if (event === 'fault' && fault !== undefined) throw fault();
  }
}

const VALUES = Array.from({ length: 8 }, (_, n) => `value ${n}`);
const ALL = VALUES.map((value, n) => `${n} ${value}`);

/** Lands `VALUES`; process after process dies as `events` has it, and the last one is left in peace. */
async function landThrough(
  events: readonly Event[][],
  maxRecords = 3,
): Promise<{ sink: Sink; moments: number[] }> {
  const log = new MemoryLog(VALUES);
  const sink = new Sink();
  const moments: number[] = [];
  for (const [index, ofProcess] of [...events, []].entries()) {
    let moment = -1;
    const process = new Process(
      log,
      sink,
      () => {
        moment += 1;
        return ofProcess[moment] ?? 'goes on';
      },
      // Limits may change from one start to the next, and the log may give a batch in pieces.
      maxRecords + (index % 2),
      index % 2 === 0 ? maxRecords : 2,
    );
    const ended = await process.run().then(
      () => 'landed',
      (error: unknown) => error,
    );
    moments.push(moment);
    if (process.dead) expect(ended).toBeInstanceOf(Crash);
    else expect(ended).toBe('landed');
  }
  return { sink, moments };
}

const crashAt = (moment: number): Event[] => [...Array<Event>(moment).fill('goes on'), 'crash'];

describe('landing', () => {
  it('lands every record once, in the table and in the view', async () => {
    const { sink } = await landThrough([]);
    expect(sink.rows()).toEqual(ALL);
    expect(sink.rows(true)).toEqual(ALL);
  });

  it('lands every record once when the process dies at any moment', async () => {
    const { moments } = await landThrough([]);
    for (let moment = 0; moment <= moments[0]!; moment += 1) {
      const { sink } = await landThrough([crashAt(moment)]);
      expect(sink.rows()).toEqual(ALL);
      expect(sink.rows(true)).toEqual(ALL);
    }
  });

  it('lands every record once when the next process dies at any moment as well', async () => {
    const { moments } = await landThrough([]);
    for (let first = 0; first <= moments[0]!; first += 1) {
      for (let second = 0; second <= 12; second += 1) {
        const { sink } = await landThrough([crashAt(first), crashAt(second)]);
        expect(sink.rows()).toEqual(ALL);
        expect(sink.rows(true)).toEqual(ALL);
      }
    }
  });

  it('lands every record once whatever dies or fails, however often, with batches of any size', async () => {
    const event = fc.oneof(
      { arbitrary: fc.constant<Event>('goes on'), weight: 6 },
      { arbitrary: fc.constant<Event>('fault'), weight: 2 },
      { arbitrary: fc.constant<Event>('crash'), weight: 1 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(event, { maxLength: 40 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 8 }),
        async (events, maxRecords) => {
          const { sink } = await landThrough(events, maxRecords);
          expect(sink.rows()).toEqual(ALL);
          expect(sink.rows(true)).toEqual(ALL);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('waits out every fault that passes, of the log and of the store', async () => {
    const { moments } = await landThrough([]);
    for (let moment = 0; moment <= moments[0]!; moment += 1) {
      const events = [...Array<Event>(moment).fill('goes on'), 'fault', 'fault'] as Event[];
      const { sink } = await landThrough([events]);
      expect(sink.rows()).toEqual(ALL);
      expect(sink.rows(true)).toEqual(ALL);
    }
  });

  it('inserts nothing once the partition is lost, at whatever moment that is', async () => {
    const { moments } = await landThrough([]);
    for (let at = 0; at <= moments[0]!; at += 1) {
      const log = new MemoryLog(VALUES);
      const sink = new Sink();
      let moment = -1;
      let before: string[] | undefined;
      const process = new Process(log, sink, () => {
        moment += 1;
        if (moment === at) {
          // Somebody else takes over. An insert that has been sent goes on to its end; no other may begin.
          log.assign();
          before = sink.rows();
          return 'fault';
        }
        return 'goes on';
      });
      const ended = await process.run().then(
        () => 'returned',
        (error: unknown) => error,
      );
      if (ended !== 'returned') expect(ended).toMatchObject({ code: 'NOT_OWNER' });
      expect(sink.rows()).toEqual(before);

      await new Process(log, sink, () => 'goes on').run();
      expect(sink.rows()).toEqual(ALL);
      expect(sink.rows(true)).toEqual(ALL);
    }
  });
});

describe('landing stops', () => {
  const quiet = (log: MemoryLog, change: Partial<LandingOptions> = {}): Promise<void> =>
    landPartition(log.assign(), {
      store: { insert: () => Promise.resolve() },
      epoch: EPOCH,
      limits: { maxRecords: 3, maxBytes: 1_000, maxWaitMs: 0 },
      retryMs: { first: 0, most: 0 },
      onRetry: () => undefined,
      onLanded: () => undefined,
      toRows: (batch) =>
        Promise.resolve({ table: 't', columns: [], rows: Buffer.alloc(0), rowCount: batch.length }),
      countLanded: ({ from, to }) => Promise.resolve({ rows: to - from + 1, distinctOffsets: to - from + 1 }),
      ...change,
    });

  it('at a fault that no repetition mends, with the batch still under way', async () => {
    const log = new MemoryLog(VALUES);
    const fault = new StoreFault('never', 'the store of the test does not know the table');
    let inserts = 0;
    const landing = quiet(log, {
      store: {
        insert() {
          inserts += 1;
          return Promise.reject(fault);
        },
      },
    });
    await expect(landing).rejects.toBe(fault);
    expect(inserts).toBe(1);
    expect(log.committed).toEqual({ offset: 0, metadata: `{"pending":[0,2],"epoch":${EPOCH}}` });
  });

  it('at records that cannot be made into rows, with the batch still under way', async () => {
    const log = new MemoryLog(VALUES);
    const fault = new Error('no rows');
    await expect(quiet(log, { toRows: () => Promise.reject(fault) })).rejects.toBe(fault);
    expect(log.committed?.offset).toBe(0);
  });

  it('when a record would not become a row', async () => {
    const log = new MemoryLog(VALUES);
    const landing = quiet(log, {
      toRows: () => Promise.resolve({ table: 't', columns: [], rows: Buffer.alloc(0), rowCount: 2 }),
    });
    await expect(landing).rejects.toThrow('3 records became 2 rows');
    expect(log.committed?.offset).toBe(0);
  });

  it.each([
    ['text', 'done'],
    ['JSON of somebody else', '{"pending":[0,2]}'],
    ['more than was written here', '{"pending":[0,2],"epoch":4,"by":"x"}'],
    ['an intent of another epoch', '{"pending":[0,2],"epoch":3}'],
    ['an intent for another offset', '{"pending":[1,2],"epoch":4}'],
  ])('at a note beside the committed offset that is %s', async (_, metadata) => {
    const log = new MemoryLog(VALUES);
    log.committed = { offset: 0, metadata };
    await expect(quiet(log)).rejects.toBeInstanceOf(LandingFault);
    expect(log.committed).toEqual({ offset: 0, metadata });
  });

  it('at an intent whose records the log no longer has', async () => {
    const log = new MemoryLog(VALUES);
    log.committed = { offset: 6, metadata: `{"pending":[6,9],"epoch":${EPOCH}}` };
    await expect(quiet(log)).rejects.toThrow('offsets 6-9 were to be landed, but the log ends before');
  });

  it.each([
    ['twice, as after a power cut that took its token', { rows: 6, distinctOffsets: 3 }],
    ['in part', { rows: 2, distinctOffsets: 2 }],
  ])('when a batch that was begun before stands there %s', async (_, counted) => {
    const log = new MemoryLog(VALUES);
    log.committed = { offset: 0, metadata: `{"pending":[0,2],"epoch":${EPOCH}}` };
    const landing = quiet(log, { countLanded: () => Promise.resolve(counted) });
    await expect(landing).rejects.toThrow(/offsets 0-2 were inserted again, and the store now holds \d rows/);
    expect(log.committed.offset).toBe(0);
  });
});
