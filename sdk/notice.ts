// What the authority asks of a platform, as its host sees it. Knows the answers of the wire; never how they came.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { TakedownEventType } from '@lachan/proto/takedown';
import {
  WatchNoticesRequestSchema,
  WatchNoticesResponseSchema,
  type Notice as WireNotice,
} from '@lachan/proto/takedown-service';
import type { Category, Urgency } from '@lachan/proto/report';
import { nameOf, toDate } from './receipt.js';
import type { WatchKind } from './watch-kind.js';

/** What a notice may say; UNSPECIFIED stands for one this version does not know. */
export const NOTICE_TYPES = [
  'UNSPECIFIED',
  /** Take it down. */
  'NOTICE_ISSUED',
  /** Has not been seen down since: the notice once more. */
  'NOTICE_REPEATED',
  /** The deadline has passed. */
  'BREACHED',
  /** It had been down in time after all. */
  'BREACH_WITHDRAWN',
  /** Block access to it; answered by `confirmBlock`. */
  'BLOCK_ORDERED',
] as const;

export type NoticeType = (typeof NOTICE_TYPES)[number];

/** A takedown request of the authority. */
export interface Notice {
  /** The same whenever this notice is told again: do things once. */
  readonly noticeId: string;
  /** Which case: one location. */
  readonly locationKey: string;
  /** From 1 up: counts how often the location came up again. */
  readonly cycle: number;
  readonly type: NoticeType;
  /** Of a repeat: the how-manieth; else 0. */
  readonly repeat: number;
  readonly issuedAt: Date | undefined;
  readonly legalBasis: string;
  readonly category: Category;
  readonly urgency: Urgency;
  /** Host of a URL, in ASCII form; empty for a content id. */
  readonly host: string;
  /** The platform's own reports of this location; the first 100. */
  readonly reportIds: readonly string[];
  /** Empty, or what `openLocation` opens. */
  readonly sealedLocation: Uint8Array;
  readonly deadlines: readonly Deadline[];
}

export interface Deadline {
  /** The provider that has to act. */
  readonly addressee: string;
  /** id@version of the rule. */
  readonly rule: string;
  /** Undefined: the clock stands still. */
  readonly dueAt: Date | undefined;
}

/** How WatchNotices tells. */
export const NOTICES: WatchKind<Notice> = {
  method: 'watchNotices',
  request: (cursor) => toBinary(WatchNoticesRequestSchema, create(WatchNoticesRequestSchema, { cursor })),
  read(bytes) {
    const { notice, cursor } = fromBinary(WatchNoticesResponseSchema, bytes);
    return { values: notice === undefined ? [] : [toNotice(notice)], cursor };
  },
  keyOf: (notice) => notice.locationKey,
  idOf: (notice) => notice.noticeId,
};

function toNotice(wire: WireNotice): Notice {
  const name = nameOf(TakedownEventType, wire.type);
  return {
    noticeId: wire.noticeId,
    locationKey: wire.locationKey,
    cycle: wire.cycle,
    type: NOTICE_TYPES.find((type) => type === name) ?? 'UNSPECIFIED',
    repeat: wire.repeat,
    issuedAt: toDate(wire.issuedAt),
    legalBasis: wire.legalBasis,
    category: wire.category,
    urgency: wire.urgency,
    host: wire.host,
    reportIds: wire.reportIds,
    // A copy: the original would hold the whole message it came in.
    sealedLocation: Uint8Array.from(wire.sealedLocation),
    deadlines: wire.deadlines.map(({ addressee, rule, dueAt }) => ({
      addressee,
      rule,
      dueAt: toDate(dueAt),
    })),
  };
}
