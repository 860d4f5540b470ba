// The real pipeline between a log and a store in memory, under a clock of its own: processes begin, and what is to happen
// to them happens at numbered moments, the same in every run of the same plan.
import { LandingFault } from '../../consumers/land.js';
import { startConsumers } from '../../consumers/pipeline.js';
import { LogFault, type Log, type TakeLimits } from '../../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { StoreFault, type Store } from '../../store/store.js';
import { RECEIVED_AT_MS } from '../support/records.js';
import { Expectations } from './expectations.js';
import { DurableLog, FakeLog, type LogFlaw } from './fake-log.js';
import { DurableSink, FakeStore, type SinkFlaw } from './fake-sink.js';
import { Process, type Event, type Fate } from './process.js';
import { VirtualClock } from './virtual-clock.js';
import { eventValueOf, type EventItem } from './takedown-workload.js';
import { dataKeyOf, valueOf, type Item } from './workload.js';

/** What may differ from one start to the next: options, lookups, the program itself, the clock on the wall. */
export interface Setting {
  readonly limits: TakeLimits;
  readonly mostAtOnce: number;
  readonly maxExactKeys: number;
  readonly maxDeadLettersInARow: number;
  readonly lookups: number;
  readonly clockJumpMs: number;
}

/** Faults of the parts around the pipeline, and of the pipeline as its surroundings see it: the simulation must find them. */
export interface Flaws {
  readonly log?: LogFlaw;
  readonly sink?: SinkFlaw;
  readonly wrapLog?: (log: Log) => Log;
  readonly wrapStore?: (store: Store, nowMs: () => number) => Store;
}

export interface Plan {
  /** What comes into the reports topic: at first, then every few milliseconds. */
  readonly chunks: readonly (readonly Item[])[];
  readonly dataKeys: number;
  /** Events of cases, beside the chunks; no partition for them when left out. */
  readonly takedowns?: readonly (readonly EventItem[])[];
  readonly partitions: number;
  readonly firstOffset: number;
  /** Of the first process, the second, …; the last one for all that follow. */
  readonly settings: readonly Setting[];
  readonly events: ReadonlyMap<number, Event>;
  readonly learnsAfterMs: number;
  readonly viewsFirst: boolean;
  /** Begins a series of how long each call takes; no time at all when left out. */
  readonly delaysMs?: () => () => number;
  readonly flaws?: Flaws;
}

export interface Outcome {
  /** What did not hold, in words; empty when all is well. */
  readonly violations: readonly string[];
  /** Every moment that was passed, by its call. */
  readonly moments: readonly string[];
  readonly processes: number;
}

export function simulate(plan: Plan): Promise<Outcome> {
  return new World(plan).run();
}

const CHUNK_EVERY_MS = 30;
const RESTART_AFTER_MS = 1;
const MOST_WAITS = 20_000;
const MOST_PROCESSES = 60;

class World implements Fate {
  readonly #clock = new VirtualClock(RECEIVED_AT_MS);
  readonly #expectations = new Expectations();
  readonly #log: DurableLog;
  readonly #sink: DurableSink;
  readonly #items = new Map<Uint8Array, Item>();
  readonly #events: EventItem[] = [];
  readonly #processes = new Map<Process, FakeLog>();
  readonly #moments: string[] = [];
  readonly #nextDelayMs: (() => number) | undefined;
  #isAccepted = false;
  #isStarting = false;

  constructor(private readonly plan: Plan) {
    const { partitions, firstOffset, learnsAfterMs, viewsFirst, flaws, takedowns } = plan;
    this.#nextDelayMs = plan.delaysMs?.();
    const topics = [
      { name: REPORTS_TOPIC, partitions, first: firstOffset },
      { name: DATA_KEYS_TOPIC, partitions: 1, first: 0 },
      { name: TAKEDOWNS_TOPIC, partitions: takedowns === undefined ? 0 : 1, first: firstOffset },
    ];
    this.#log = new DurableLog(topics, this.#clock, {
      learnsAfterMs,
      onCommit: (partition) => this.#expectations.onCommit(partition, this.#sink),
      flaw: flaws?.log,
    });
    this.#sink = new DurableSink(this.#clock, {
      viewsFirst,
      onBegin: (block, process) => {
        if (learnsAfterMs === 0) this.#expectations.onBegin(block, process, this.#log);
      },
      onInsert: (block, rows) => this.#expectations.onInsert(block, rows, this.#log),
      flaw: flaws?.sink,
    });
  }

  async run(): Promise<Outcome> {
    void this.#accept();
    this.#start();
    const end = await this.#clock.run(() => this.#isOver(), MOST_WAITS);
    const { violations } = this.#expectations;
    if (end !== 'reached') violations.push(`landing does not come to an end (${end})`);
    if (violations.length === 0) await this.#check();
    return { violations, moments: this.#moments, processes: this.#processes.size };
  }

  next(process: Process, call: string): Event | undefined {
    this.#moments.push(`${process.name}: ${call}`);
    return this.plan.events.get(this.#moments.length - 1);
  }

  delay(): Promise<void> | undefined {
    return this.#nextDelayMs && this.#clock.pause(this.#nextDelayMs());
  }

  leave(process: Process): void {
    this.#processes.get(process)?.expel();
  }

  wakeAll(): void {
    for (const process of this.#processes.keys()) process.wake();
  }

  join(): void {
    this.#start();
  }

  async #accept(): Promise<void> {
    const { chunks, dataKeys, partitions, takedowns = [] } = this.plan;
    for (let number = 0; number < dataKeys; number += 1)
      this.#log.append(DATA_KEYS_TOPIC, 0, dataKeyOf(number));
    for (const [index, chunk] of chunks.entries()) {
      if (index > 0) await this.#clock.pause(CHUNK_EVERY_MS);
      this.#noteLandingTimes();
      for (const item of chunk) {
        const value = Uint8Array.from(valueOf(item));
        this.#items.set(value, item);
        this.#log.append(
          REPORTS_TOPIC,
          typeof item.report === 'number' ? item.report % partitions : 0,
          value,
        );
      }
      for (const event of takedowns[index] ?? []) {
        this.#events.push(event);
        this.#log.append(TAKEDOWNS_TOPIC, 0, Uint8Array.from(eventValueOf(event)));
      }
    }
    this.#isAccepted = true;
  }

  /** As every now and then, so that a fault meets some that are tried again. */
  #noteLandingTimes(): void {
    for (const { state, consumers } of this.#processes.keys())
      if (state === 'runs') consumers?.noteLandingTimes().catch(() => undefined);
  }

  #start(): void {
    const { settings, flaws } = this.plan;
    const setting = settings[Math.min(this.#processes.size, settings.length - 1)]!;
    const process = new Process(this, `process ${this.#processes.size + 1}`);
    const fakeLog = new FakeLog(this.#log, process, setting.mostAtOnce);
    const fakeStore = new FakeStore(this.#sink, process);
    this.#processes.set(process, fakeLog);
    this.#clock.setForward(setting.clockJumpMs);
    const consumers = startConsumers({
      log: flaws?.wrapLog?.(fakeLog) ?? fakeLog,
      store: flaws?.wrapStore?.(fakeStore, this.#clock.nowMs) ?? fakeStore,
      lookups: {
        country: () => (setting.lookups === 0 ? 'VN' : 'US'),
        asn: () => setting.lookups,
        versions: `lookups ${setting.lookups}`,
        ageDays: () => 0,
      },
      rules: [],
      nowMs: this.#clock.nowMs,
      limits: setting.limits,
      dedup: { maxExactKeys: setting.maxExactKeys, maxFilters: 0 },
      maxDeadLettersInARow: setting.maxDeadLettersInARow,
      onLanded: () => undefined,
      onRetry: () => undefined,
      pause: this.#clock.pause,
    });
    const ended = consumers.then((begun) => {
      process.begun(begun);
      return begun.ended;
    });
    void ended.then(
      // A process in good order still has something to write down.
      () => undefined,
      (fault: unknown) => {
        process.end();
        if (!mayStop(fault, setting))
          this.#expectations.violations.push(`${process.name} stopped: ${String(fault)}`);
      },
    );
  }

  /** Sees to it that somebody lands, and that all stop when nothing is left. */
  #isOver(): boolean {
    if (this.#expectations.violations.length > 0) return true;
    const processes = [...this.#processes.keys()];
    if (this.#isAccepted && this.#log.isLanded && this.#sink.unseen === 0) {
      this.wakeAll();
      for (const process of processes) process.stop();
      return processes.every(({ state }) => state === 'ended');
    }
    if (processes.length > MOST_PROCESSES) this.#expectations.violations.push('every process stops');
    if (!this.#isStarting && processes.every(({ state }) => state === 'ended' || state === 'frozen')) {
      this.#isStarting = true;
      void this.#clock.pause(RESTART_AFTER_MS).then(() => {
        this.#isStarting = false;
        this.#start();
      });
    }
    return false;
  }

  async #check(): Promise<void> {
    const quiet = new Process({ ...NOTHING_HAPPENS }, 'audit');
    const { log, sink, plan } = { log: this.#log, sink: this.#sink, plan: this.plan };
    await this.#expectations.onEnd(
      { log, sink },
      { log: new FakeLog(log, quiet, 1), store: new FakeStore(sink, quiet) },
      this.#items,
      this.#events,
      new Set(plan.settings.map(({ lookups }) => lookups)).size === 1,
    );
  }
}

const NOTHING_HAPPENS: Fate = {
  next: () => undefined,
  delay: () => undefined,
  leave: () => undefined,
  wakeAll: () => undefined,
  join: () => undefined,
};

/** A process stops for faults of the log and the store, and for a flood of dead letters when it was told to. */
function mayStop(fault: unknown, { maxDeadLettersInARow }: Setting): boolean {
  if (fault instanceof LandingFault)
    return (
      fault.message.includes(`more than ${maxDeadLettersInARow} records in a row`) &&
      maxDeadLettersInARow < 1_000
    );
  return fault instanceof LogFault || fault instanceof StoreFault;
}
