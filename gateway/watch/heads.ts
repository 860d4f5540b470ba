// Up to where of the log it may be told: what has landed without a gap, and of events what is folded.
import { REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { selectHeads, selectLastOffsets } from '../../store/queries/heads.js';
import { selectEpochs } from '../../store/queries/landed.js';
import type { Select } from '../../store/queries/select.js';
import type { Position, TopicLanes, TopicName } from './lanes.js';

const NAMES: Readonly<Record<TopicName, string>> = { reports: REPORTS_TOPIC, takedowns: TAKEDOWNS_TOPIC };

/** How far what landed last is looked through for gaps when nothing is known yet: more than one batch. */
const LOOK_BACK = 100_000;

/**
 * A batch that spans two months becomes visible in two steps, so a gap is waited for; one that stays is a fault of
 * the store that the audit shows, and nobody is served better by silence.
 */
const GAP_POLLS = 10;

export interface Heads {
  readonly lanes: Readonly<Record<TopicName, TopicLanes>>;
  /** Per partition of the topic. */
  readonly told: Readonly<Record<TopicName, Position>>;
}

export class HeadReader {
  #lanes: Heads['lanes'] | undefined;
  #reports: number[] | undefined;
  #folded: number[] = [];
  readonly #gaps = new Map<number, number>();

  constructor(private readonly select: Select) {}

  /**
   * One question, but for the first time. `lanes` is another object once the log is another one. Undefined: no topic
   * has been read yet. Rejects with the store's fault.
   */
  async read(withReports: boolean): Promise<Heads | undefined> {
    const lanes = this.#lanes ?? (await this.#open());
    if (lanes === undefined) return undefined;
    const { takedowns, reports } = lanes;
    if (withReports) this.#reports ??= await this.#lastReports(reports);
    const from = this.#reports ?? [];
    const found = await selectHeads(this.select, withReports ? { epoch: reports.epoch, from } : undefined);
    if ([reports, takedowns].some(({ topic, epoch }) => found.epochs.get(NAMES[topic]) !== epoch)) {
      this.#lanes = undefined;
      this.#reports = undefined;
      return this.read(withReports);
    }
    for (const { epoch, partition, to } of found.folded) {
      if (epoch !== takedowns.epoch) continue;
      this.#folded[partition] = Math.max(this.#folded[partition] ?? 0, to + 1);
    }
    for (const { partition, rows, last } of found.reports) this.#advance(from, partition, rows, last);
    return { lanes, told: { reports: [...from], takedowns: [...this.#folded] } };
  }

  #advance(from: number[], partition: number, rows: number, last: number): void {
    const hasGap = rows !== last + 1 - (from[partition] ?? 0);
    const waited = hasGap ? (this.#gaps.get(partition) ?? 0) + 1 : 0;
    this.#gaps.set(partition, waited);
    if (waited <= GAP_POLLS && hasGap) return;
    from[partition] = last + 1;
    this.#gaps.delete(partition);
  }

  async #open(): Promise<Heads['lanes'] | undefined> {
    const epochs = await selectEpochs(this.select);
    const lanesOf = (topic: TopicName): TopicLanes | undefined => {
      const known = epochs.find((one) => one.topic === NAMES[topic]);
      return known && { topic, epoch: known.epoch, firstOffsets: known.firstOffsets };
    };
    const [reports, takedowns] = [lanesOf('reports'), lanesOf('takedowns')];
    if (reports === undefined || takedowns === undefined) return undefined;
    this.#folded = [...takedowns.firstOffsets];
    return (this.#lanes = { reports, takedowns });
  }

  async #lastReports({ epoch, firstOffsets }: TopicLanes): Promise<number[]> {
    const last = new Map<number, number>();
    for (const found of await selectLastOffsets(this.select, epoch)) last.set(found.partition, found.last);
    return firstOffsets.map((first, partition) =>
      Math.max(first, (last.get(partition) ?? first) - LOOK_BACK),
    );
  }
}
