// WatchNotices and WatchOutcomes: one poll of the store a second for all who watch, whoever they are.
import { fromBinary } from '@bufbuild/protobuf';
import { Rule, WatchOutcomesRequestSchema } from '@lachan/proto/report-service';
import { WatchNoticesRequestSchema } from '@lachan/proto/takedown-service';
import type { Select } from '../../store/queries/select.js';
import type { Caller } from '../authenticate.js';
import { CallerShares } from '../caller-shares.js';
import { toStatus, type Refusal } from '../refusal.js';
import { fault, violation } from '../violation.js';
import { CatchUpTurns } from './catch-up-turns.js';
import { HeadReader } from './heads.js';
import { Hub } from './hub.js';
import type { Source } from './source.js';
import { notices } from './tell-notices.js';
import { outcomes } from './tell-outcomes.js';
import { Watch } from './watch.js';

/** A call that answers with a stream: what watching needs of grpc-js's `ServerWritableStream`. */
export interface WatchCall {
  readonly request: Uint8Array;
  /** `onSent` is called when the message is on its way. */
  write(message: Uint8Array, onSent: () => void): boolean;
  on(event: 'cancelled' | 'close' | 'error' | 'finish', listener: () => void): unknown;
  emit(event: 'error', status: object): boolean;
}

export interface WatchLimits {
  /** Watches that may be open at once; of these, how many one provider may have. */
  readonly maxWatchers: number;
  readonly maxWatchersPerCaller: number;
  readonly pollMs: number;
  /** After that long without a message the cursor is told alone. */
  readonly heartbeatMs: number;
  /** How long a message may wait to be read before its watch is ended. */
  readonly stallMs: number;
  /** Watches that read the store alone at once, to catch up. */
  readonly maxCatchUps: number;
  /** Bytes read for them that slow readers may leave waiting; above it nobody catches up. */
  readonly maxHeldBytes: number;
  /** Bytes of what was read for all, of each kind of watch. */
  readonly maxSharedBytes: number;
}

const MIB = 1_048_576;
export const WATCH_LIMITS: WatchLimits = {
  maxWatchers: 2_000,
  maxWatchersPerCaller: 100,
  pollMs: 1_000,
  heartbeatMs: 15_000,
  stallMs: 60_000,
  maxCatchUps: 4,
  maxHeldBytes: 32 * MIB,
  maxSharedBytes: 16 * MIB,
};
const MAX_SLICES = 120;

export interface WatchingOptions {
  readonly select: Select;
  readonly nowMs: () => number;
  readonly limits?: Partial<WatchLimits>;
  /** As of `ServerOptions`. */
  readonly mayPass?: ((error: unknown) => boolean) | undefined;
  readonly onFault: (error: unknown) => void;
}

export interface Watching {
  /** Answers one call of TakedownService.WatchNotices. `callerNow` is asked again and again: a token may be revoked. */
  notices(call: WatchCall, callerNow: () => Caller | undefined): void;
  /** Answers one call of ReportService.WatchOutcomes. */
  outcomes(call: WatchCall, callerNow: () => Caller | undefined): void;
  /** Open watches. */
  readonly watchers: () => number;
  /** Takes none any more and ends those there are: UNAVAILABLE, with the time to wait. Safe twice. */
  drain(): void;
}

const UNREADABLE: Refusal = {
  kind: 'invalid',
  violations: [violation('', fault(Rule.MALFORMED, 'The bytes are not the request of this watch.'))],
};

/** Asks the store nothing while nobody watches. */
export function openWatching(options: WatchingOptions): Watching {
  const { select, nowMs, mayPass = () => false, onFault } = options;
  const limits = { ...WATCH_LIMITS, ...options.limits };
  const turns = new CatchUpTurns({
    maxAtOnce: limits.maxCatchUps,
    maxWaiting: limits.maxWatchers * 2,
    maxHeldBytes: limits.maxHeldBytes,
  });
  const fanOut = { maxBytes: limits.maxSharedBytes, maxSlices: MAX_SLICES };
  const hubOf = (source: Source): Hub => new Hub({ source, select, turns, fanOut, mayPass, onFault });
  const hubs = { notices: hubOf(notices), outcomes: hubOf(outcomes) };
  const heads = new HeadReader(select);
  const shares = new CallerShares(limits.maxWatchersPerCaller);
  const callers = new Map<Watch, () => Caller | undefined>();
  let timer: NodeJS.Timeout | undefined;
  let isPolling = false;
  let isDraining = false;

  const poll = async (): Promise<void> => {
    if (isPolling) return;
    isPolling = true;
    try {
      const found = await heads.read(hubs.outcomes.size > 0);
      await hubs.notices.poll(found);
      await hubs.outcomes.poll(found);
    } finally {
      isPolling = false;
    }
  };

  const tick = (): void => {
    for (const [watch, callerNow] of callers) {
      if (!isSame(watch.owner.caller, callerNow())) watch.end({ kind: 'unauthenticated' });
    }
    for (const hub of [hubs.notices, hubs.outcomes]) hub.beat(limits);
    poll().catch((error: unknown) => {
      const passes = mayPass(error);
      if (!passes) onFault(error);
      for (const hub of [hubs.notices, hubs.outcomes]) {
        if (passes) hub.onUnavailable();
        else hub.endAll({ kind: 'fault' });
      }
    });
  };

  const open = (
    source: Source,
    cursorIn: (bytes: Uint8Array) => string,
    call: WatchCall,
    callerNow: () => Caller | undefined,
  ): void => {
    const fail = (refusal: Refusal): void => void call.emit('error', toStatus(refusal));
    const caller = callerNow();
    if (caller === undefined) return fail({ kind: 'unauthenticated' });
    if (isDraining) return fail({ kind: 'shutting-down' });
    if (callers.size >= limits.maxWatchers || shares.isFull(caller))
      return fail({ kind: 'too-many-streams' });
    const cursor = readCursorOf(call.request, cursorIn);
    if (cursor === undefined) return fail(UNREADABLE);
    const stream = {
      write: (message: Uint8Array, onSent: () => void) => void call.write(message, onSent),
      fail,
    };
    const watch = new Watch({ kind: source.kind, caller }, source, cursor, stream, nowMs);
    const hub = hubs[source.kind];
    const giveBack = shares.take(caller, 1);
    callers.set(watch, callerNow);
    const closed = (): void => {
      giveBack();
      callers.delete(watch);
      hub.close(watch);
      if (callers.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
    for (const event of ['cancelled', 'close', 'error', 'finish'] as const) call.on(event, closed);
    hub.open(watch);
    if (timer !== undefined || callers.size === 0) return;
    timer = setInterval(tick, limits.pollMs);
    tick();
  };

  return {
    notices: (call, callerNow) =>
      open(notices, (bytes) => fromBinary(WatchNoticesRequestSchema, bytes).cursor, call, callerNow),
    outcomes: (call, callerNow) =>
      open(outcomes, (bytes) => fromBinary(WatchOutcomesRequestSchema, bytes).cursor, call, callerNow),
    watchers: () => callers.size,
    drain() {
      isDraining = true;
      for (const hub of [hubs.notices, hubs.outcomes]) hub.endAll({ kind: 'shutting-down' });
    },
  };
}

function readCursorOf(bytes: Uint8Array, cursorIn: (bytes: Uint8Array) => string): string | undefined {
  try {
    return cursorIn(bytes);
  } catch {
    return undefined;
  }
}

function isSame(a: Caller, b: Caller | undefined): boolean {
  return a.providerId === b?.providerId && a.environment === b.environment;
}
