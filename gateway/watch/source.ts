// What a kind of watch tells of: read from the store in pages, as parts of messages.
import type { Select } from '../../store/queries/select.js';
import type { Audience } from '../../store/queries/notices.js';
import type { WatchKind } from './cursor.js';
import type { PagePlan, TopicName } from './lanes.js';

/** Something to tell one caller. */
export interface Entry {
  readonly environment: string;
  readonly providerId: string;
  readonly partition: number;
  readonly offset: number;
  /** A part of the response; parts put behind one another are one response. */
  readonly bytes: Uint8Array;
}

export interface Page {
  /** In the order of partition and offset. */
  readonly entries: readonly Entry[];
  /** What was read last, where there may be more. */
  readonly cut: { readonly partition: number; readonly offset: number } | undefined;
}

export interface Source {
  readonly kind: WatchKind;
  /** In the order in which they are told. */
  readonly topics: readonly TopicName[];
  /** Parts that one message may hold. */
  readonly maxParts: number;
  /** At most `limit` rows. Rejects with the store's fault. */
  read(select: Select, plan: PagePlan, audience: Audience, limit: number): Promise<Page>;
  /** The part of a response that says from where to go on. */
  cursorPart(cursor: string): Uint8Array;
}

/** By the name of a caller and a text: environments and ids of providers hold no space. */
export function nameOf(environment: string, providerId: string): string {
  return `${environment} ${providerId}`;
}
