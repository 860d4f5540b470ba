// One watch: what its caller has been told, and what comes next. Holds one message at a time, and one page at most.
import { Buffer } from 'node:buffer';
import { Rule } from '@lachan/proto/report-service';
import type { Refusal } from '../refusal.js';
import { fault, violation } from '../violation.js';
import { readCursor, writeCursor, type CursorFault, type CursorOwner } from './cursor.js';
import type { FanOut } from './fan-out.js';
import { afterItems, lower, startOf, type Item, type Position, type TopicLanes } from './lanes.js';
import { nameOf, type Source } from './source.js';

/** The stream as the transport offers it. */
export interface WatchStream {
  /** `onSent`: the message is on its way, and the next one may come. */
  write(message: Uint8Array, onSent: () => void): void;
  fail(refusal: Refusal): void;
}

/** What was read for one caller alone. */
export interface CaughtUp {
  readonly to: Position;
  readonly items: readonly Item[];
  /** The number of the slice to go on with; undefined: there is more to catch up with. */
  readonly next: number | undefined;
  readonly giveBack: () => void;
}

/** Where what is told comes from. */
export interface Feed {
  readonly topics: readonly TopicLanes[];
  readonly fanOut: FanOut;
  /** Reads on from a position for one caller, if it is still wanted; undefined: not now, ask again later. */
  catchUp(owner: CursorOwner, from: Position, isWanted: () => boolean): Promise<CaughtUp | undefined>;
}

export interface WatchTimes {
  readonly heartbeatMs: number;
  /** How long a message may wait to be read. */
  readonly stallMs: number;
}

/** Bytes of parts after which a message takes no further one. */
const FULL_BYTES = 32 * 1024;
const RETRY_MS = 1_000;

const CURSOR_FAULTS: Readonly<Record<CursorFault, string>> = {
  MALFORMED: 'Not a cursor that this watch gave to this provider in this environment.',
  OTHER_LOG: 'Of a log that is no longer read: watch without a cursor.',
};

type Reading =
  | { readonly kind: 'live'; readonly next: number; readonly told: number }
  | { readonly kind: 'page'; readonly from: Position; readonly page: CaughtUp; readonly told: number }
  | { readonly kind: 'behind' | 'asking' };

export class Watch {
  readonly name: string;
  #feed: Feed | undefined;
  #position: Position = [];
  #reading: Reading = { kind: 'asking' };
  #isWriting = false;
  #isOver = false;
  #wroteAtMs = 0;

  constructor(
    readonly owner: CursorOwner,
    private readonly source: Source,
    private readonly cursor: string,
    private readonly stream: WatchStream,
    private readonly nowMs: () => number,
  ) {
    this.name = nameOf(owner.caller.environment, owner.caller.providerId);
  }

  get hasBegun(): boolean {
    return this.#feed !== undefined;
  }

  /** Tells from where it goes on, and goes on. */
  begin(feed: Feed): void {
    const position = this.#readCursor(feed);
    if (typeof position === 'string') {
      const broken = fault(Rule.FORMAT, CURSOR_FAULTS[position]);
      return this.end({ kind: 'invalid', violations: [violation('cursor', broken)] });
    }
    this.#feed = feed;
    // Another gateway may have told more than is known here: at least once.
    this.#position = lower(position, feed.fanOut.head);
    const next = feed.fanOut.after(this.#position);
    this.#reading = next === undefined ? { kind: 'behind' } : { kind: 'live', next, told: 0 };
    this.#write([]);
  }

  /** There may be more to tell. */
  wake(): void {
    while (!this.#isOver && !this.#isWriting && this.#feed !== undefined) {
      if (!this.#goOn(this.#feed, this.#reading)) return;
    }
  }

  /** To be called now and then: says that the watch lives, or ends one that nobody reads. */
  beat(times: WatchTimes): void {
    if (this.#isOver || this.#feed === undefined) return;
    const sinceMs = this.nowMs() - this.#wroteAtMs;
    if (this.#isWriting && sinceMs > times.stallMs) {
      const message = 'The messages of this watch are not read; watch again from the last cursor.';
      this.end({ kind: 'wait', retryAfterMs: RETRY_MS, message });
    } else if (!this.#isWriting && sinceMs >= times.heartbeatMs) this.#write([]);
  }

  end(refusal: Refusal): void {
    if (this.#isOver) return;
    this.close();
    this.stream.fail(refusal);
  }

  /** The stream is gone. */
  close(): void {
    this.#isOver = true;
    if (this.#reading.kind === 'page') this.#reading.page.giveBack();
    this.#reading = { kind: 'asking' };
  }

  #readCursor({ topics, fanOut }: Feed): Position | CursorFault {
    if (this.cursor !== '') return readCursor(this.owner, topics, this.cursor);
    return this.owner.kind === 'notices' ? startOf(topics) : fanOut.head;
  }

  /** One step; false: nothing can be done now. */
  #goOn(feed: Feed, reading: Reading): boolean {
    switch (reading.kind) {
      case 'asking':
        return false;
      case 'behind':
        this.#ask(feed);
        return false;
      case 'page': {
        const { from, page, told } = reading;
        if (told < page.items.length) {
          this.#tell(from, page.to, page.items, told, (end) => ({ ...reading, told: end }));
          return true;
        }
        page.giveBack();
        this.#position = page.to;
        this.#reading =
          page.next === undefined ? { kind: 'behind' } : { kind: 'live', next: page.next, told: 0 };
        return true;
      }
      case 'live': {
        if (reading.next === feed.fanOut.next) return false;
        const slice = feed.fanOut.at(reading.next);
        if (slice?.audience.has(this.name) !== true) {
          this.#reading = { kind: 'behind' };
          return true;
        }
        const items = slice.items.get(this.name) ?? [];
        if (reading.told < items.length) {
          this.#tell(slice.from, slice.to, items, reading.told, (told) => ({ ...reading, told }));
        } else {
          this.#position = slice.to;
          this.#reading = { kind: 'live', next: reading.next + 1, told: 0 };
        }
        return true;
      }
    }
  }

  #ask(feed: Feed): void {
    this.#reading = { kind: 'asking' };
    const from = this.#position;
    feed
      .catchUp(this.owner, from, () => !this.#isOver)
      .then((page) => {
        if (this.#isOver) return page?.giveBack();
        if (page === undefined) {
          // The next poll wakes it.
          this.#reading = { kind: 'behind' };
          return;
        }
        this.#reading = { kind: 'page', from, page, told: 0 };
        this.wake();
      })
      .catch(() => this.end({ kind: 'fault' }));
  }

  /** Writes as many items as one message holds, from `told` on. */
  #tell(
    from: Position,
    to: Position,
    items: readonly Item[],
    told: number,
    readingAfter: (told: number) => Reading,
  ): void {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    while (parts.length < this.source.maxParts && bytes < FULL_BYTES) {
      const item = items[told + parts.length];
      if (item === undefined) break;
      parts.push(item.bytes);
      bytes += item.bytes.length;
    }
    const end = told + parts.length;
    this.#position = afterItems(from, to, items, end);
    this.#reading = readingAfter(end);
    this.#write(parts);
  }

  #write(parts: Uint8Array[]): void {
    const { topics } = this.#feed ?? { topics: [] };
    parts.push(this.source.cursorPart(writeCursor(this.owner, topics, this.#position)));
    this.#isWriting = true;
    this.#wroteAtMs = this.nowMs();
    this.stream.write(Buffer.concat(parts), () => {
      this.#isWriting = false;
      this.wake();
    });
  }
}
