// All watches of one kind: what is read for all of them at once, and for those alone that have to catch up.
import type { Audience } from '../../store/queries/notices.js';
import type { Select } from '../../store/queries/select.js';
import type { Refusal } from '../refusal.js';
import type { CatchUpTurns } from './catch-up-turns.js';
import type { CursorOwner } from './cursor.js';
import { FanOut, type FanOutLimits } from './fan-out.js';
import type { Heads } from './heads.js';
import {
  afterPage,
  isSame,
  nextPage,
  type Item,
  type PagePlan,
  type Position,
  type TopicLanes,
} from './lanes.js';
import { nameOf, type Entry, type Source } from './source.js';
import type { CaughtUp, Feed, Watch, WatchTimes } from './watch.js';

export interface HubOptions {
  readonly source: Source;
  readonly select: Select;
  readonly turns: CatchUpTurns;
  readonly fanOut: FanOutLimits;
  /** As of `ServerOptions`. */
  readonly mayPass: (error: unknown) => boolean;
  readonly onFault: (error: unknown) => void;
}

/** How far one page goes, however little of it is to be told. */
const MAX_OFFSETS = 500_000;
const SHARED_ROWS = 5_000;
const SHARED_BYTES = 4 * 1_048_576;
const OWN_ROWS = 500;
const OWN_BYTES = 262_144;

const UNAVAILABLE: Refusal = {
  kind: 'unavailable',
  retryAfterMs: 2_000,
  message: 'What has landed cannot be watched at the moment; please watch again later.',
};

interface ReadPage {
  readonly to: Position;
  readonly items: ReadonlyMap<string, readonly Item[]>;
  readonly bytes: number;
}

export class Hub {
  readonly #watches = new Set<Watch>();
  #feed: (Feed & { readonly lanes: Heads['lanes'] }) | undefined;

  constructor(private readonly options: HubOptions) {}

  get size(): number {
    return this.#watches.size;
  }

  watches(): Iterable<Watch> {
    return this.#watches;
  }

  /** It begins at once where it is known what has landed, else with the next poll. */
  open(watch: Watch): void {
    this.#watches.add(watch);
    if (this.#feed !== undefined) watch.begin(this.#feed);
    watch.wake();
  }

  close(watch: Watch): void {
    watch.close();
    this.#watches.delete(watch);
    if (this.#watches.size === 0) this.#feed = undefined;
  }

  /** Reads up to `heads`, once for all, and tells. Rejects with the store's fault. */
  async poll(heads: Heads | undefined): Promise<void> {
    if (this.#watches.size === 0) return;
    if (heads === undefined) {
      this.onUnavailable();
      return;
    }
    const topics = this.options.source.topics.map((topic) => heads.lanes[topic]);
    const head = this.options.source.topics.flatMap((topic) => heads.told[topic]);
    if (this.#feed !== undefined && this.#feed.lanes !== heads.lanes) this.#endAll(UNAVAILABLE);
    const feed = (this.#feed ??= this.#newFeed(heads.lanes, topics, head));
    for (const watch of this.#watches) if (!watch.hasBegun) watch.begin(feed);
    for (;;) {
      const { fanOut } = feed;
      const from = fanOut.head;
      const plan = nextPage(topics, from, head, MAX_OFFSETS);
      if (plan === undefined) break;
      const callers = [...this.#watches].map(({ owner }) => owner.caller);
      const audience = new Set(callers.map(({ environment, providerId }) => nameOf(environment, providerId)));
      const { to, items, bytes } = await this.#read(plan, from, audienceOf(callers), audience, {
        maxRows: SHARED_ROWS,
        maxBytes: SHARED_BYTES,
      });
      fanOut.add({ from, to, audience, items, bytes });
      for (const watch of this.#watches) watch.wake();
    }
    for (const watch of this.#watches) watch.wake();
  }

  /** The store does not answer: whoever waits for a beginning is told; the others go on when it does. */
  onUnavailable(): void {
    for (const watch of this.#watches) if (!watch.hasBegun) watch.end(UNAVAILABLE);
  }

  beat(times: WatchTimes): void {
    for (const watch of this.#watches) watch.beat(times);
  }

  endAll(refusal: Refusal): void {
    this.#endAll(refusal);
  }

  #endAll(refusal: Refusal): void {
    for (const watch of [...this.#watches]) watch.end(refusal);
    this.#feed = undefined;
  }

  #newFeed(
    lanes: Heads['lanes'],
    topics: readonly TopicLanes[],
    head: Position,
  ): Feed & { readonly lanes: Heads['lanes'] } {
    const fanOut = new FanOut(this.options.fanOut, head);
    return {
      lanes,
      topics,
      fanOut,
      catchUp: (owner, from, isWanted) => this.#catchUp(fanOut, topics, owner, from, isWanted),
    };
  }

  async #catchUp(
    fanOut: FanOut,
    topics: readonly TopicLanes[],
    { caller }: CursorOwner,
    from: Position,
    isWanted: () => boolean,
  ): Promise<CaughtUp | undefined> {
    const { turns, mayPass, onFault } = this.options;
    try {
      return await turns.run(async () => {
        if (!isWanted()) return undefined;
        const [target, next] = [fanOut.head, fanOut.next];
        const plan = nextPage(topics, from, target, MAX_OFFSETS);
        if (plan === undefined) return { to: target, items: [], next, giveBack: () => undefined };
        const name = nameOf(caller.environment, caller.providerId);
        const page = await this.#read(plan, from, audienceOf([caller]), new Set([name]), {
          maxRows: OWN_ROWS,
          maxBytes: OWN_BYTES,
        });
        return {
          to: page.to,
          items: page.items.get(name) ?? [],
          next: isSame(page.to, target) ? next : undefined,
          giveBack: turns.hold(page.bytes),
        };
      });
    } catch (error) {
      if (mayPass(error)) return undefined;
      onFault(error);
      throw error;
    }
  }

  async #read(
    plan: PagePlan,
    from: Position,
    audience: Audience,
    names: ReadonlySet<string>,
    { maxRows, maxBytes }: { readonly maxRows: number; readonly maxBytes: number },
  ): Promise<ReadPage> {
    const { source, select } = this.options;
    const page = await source.read(select, plan, audience, maxRows);
    const { kept, bytes, cut } = upTo(page.entries, maxBytes);
    const items = new Map<string, Item[]>();
    for (const { environment, providerId, partition, offset, bytes: part } of kept) {
      const name = nameOf(environment, providerId);
      if (!names.has(name)) continue;
      const item = { lane: plan.firstLane + partition, offset, bytes: part };
      const known = items.get(name);
      if (known === undefined) items.set(name, [item]);
      else known.push(item);
    }
    return { to: afterPage(from, plan, cut ?? page.cut), items, bytes };
  }
}

/** What fits into so many bytes, and one offset more: what stands at one offset is not torn apart. */
function upTo(
  entries: readonly Entry[],
  maxBytes: number,
): { kept: readonly Entry[]; bytes: number; cut: Pick<Entry, 'partition' | 'offset'> | undefined } {
  let bytes = 0;
  for (const [i, { partition, offset, bytes: part }] of entries.entries()) {
    const before = entries[i - 1];
    const isNext = before !== undefined && (before.partition !== partition || before.offset !== offset);
    if (isNext && bytes > maxBytes) return { kept: entries.slice(0, i), bytes, cut: before };
    bytes += part.length;
  }
  return { kept: entries, bytes, cut: undefined };
}

function audienceOf(callers: readonly CursorOwner['caller'][]): Audience {
  return {
    environments: [...new Set(callers.map(({ environment }) => environment))],
    providers: [...new Set(callers.map(({ providerId }) => providerId))],
  };
}
