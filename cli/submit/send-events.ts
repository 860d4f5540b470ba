// Sends takedown events in batches, several at a time, and counts what the gateway said.
import { AuthorityService } from '@lachan/proto/authority-service';
import { ReceiptStatus } from '@lachan/proto/report-service';
import type { EventReceipt, TakedownEvent } from '@lachan/proto/takedown';
import { TakedownService } from '@lachan/proto/takedown-service';
import { CallFault, type AuthorityClient, type RefusedField } from '../authority-client.js';
import { CommandFault } from '../command-fault.js';
import { violationsOf } from '../takedown/receipt-violations.js';
import type { ReadEvent } from './read-events.js';

export interface RejectedEvent {
  readonly file: string;
  readonly line: number;
  readonly violations: readonly RefusedField[];
}

export interface SentEvents {
  read: number;
  accepted: number;
  rejected: number;
  /** Never answered; nothing was read beyond them. */
  unsent: number;
  /** The first ones; `rejected` counts them all. */
  readonly rejections: RejectedEvent[];
  /** Why the first unsent event was not sent. */
  firstUnsent: string | undefined;
}

export type SendBatch = (events: readonly TakedownEvent[]) => Promise<readonly EventReceipt[]>;

const LANES = 4;
const MOST_PER_BATCH = 500;
/** A character is at most three bytes on the wire, and the gateway takes messages of at most 4 MiB. */
const MOST_CHARACTERS_PER_BATCH = 1_000_000;
const MOST_REJECTIONS = 10_000;

export function noEventsSent(): SentEvents {
  return { read: 0, accepted: 0, rejected: 0, unsent: 0, rejections: [], firstUnsent: undefined };
}

/** How the holder of the credential sends events. Rejects with `CommandFault` when the credential belongs to nobody. */
export async function senderFor(client: AuthorityClient): Promise<SendBatch> {
  const { recordEvents } = AuthorityService.method;
  const { submitActions } = TakedownService.method;
  // An empty batch is refused for being empty once the caller is known.
  const isKnown = async (ask: Promise<unknown>): Promise<boolean> => {
    try {
      await ask;
      return true;
    } catch (error) {
      if (!(error instanceof CallFault)) throw error;
      if (error.code === 'INVALID_ARGUMENT') return true;
      if (error.code === 'UNAUTHENTICATED' || error.code === 'PERMISSION_DENIED') return false;
      throw error;
    }
  };
  if (await isKnown(client.call(recordEvents, {}))) {
    return async (events) => (await client.call(recordEvents, { events: [...events] })).receipts;
  }
  if (await isKnown(client.call(submitActions, {}))) {
    return async (events) => (await client.call(submitActions, { events: [...events] })).receipts;
  }
  throw new CommandFault('the token is neither that of an operator nor that of a provider (UNAUTHENTICATED)');
}

/**
 * `sent` is kept up to date on the way. Events of one location are sent in their order, one batch after the other. Stops
 * reading at the first batch without an answer.
 */
export async function sendEvents(
  events: AsyncIterable<ReadEvent>,
  send: SendBatch,
  sent: SentEvents,
): Promise<void> {
  const lanes = Array.from({ length: LANES }, () => new Lane(send, sent));
  for await (const event of events) {
    sent.read += 1;
    if (event.read.ok) await lanes[laneOf(event.read.event)]?.add(event, event.read.event);
    else reject(sent, event, event.read.violations);
    if (sent.firstUnsent !== undefined) break;
  }
  await Promise.all(lanes.map((lane) => lane.finish()));
}

/** One batch on its way, the next being filled. */
class Lane {
  readonly #send: SendBatch;
  readonly #sent: SentEvents;
  #filling: { readonly from: ReadEvent; readonly event: TakedownEvent }[] = [];
  #characters = 0;
  #sending: Promise<void> = Promise.resolve();

  constructor(send: SendBatch, sent: SentEvents) {
    this.#send = send;
    this.#sent = sent;
  }

  async add(from: ReadEvent, event: TakedownEvent): Promise<void> {
    if (
      this.#filling.length >= MOST_PER_BATCH ||
      this.#characters + from.length > MOST_CHARACTERS_PER_BATCH
    ) {
      await this.#begin();
    }
    this.#filling.push({ from, event });
    this.#characters += from.length;
  }

  async finish(): Promise<void> {
    await this.#begin();
    await this.#sending;
  }

  /** Resolves when the batch before has been answered and this one is on its way. */
  async #begin(): Promise<void> {
    await this.#sending;
    const batch = this.#filling;
    this.#filling = [];
    this.#characters = 0;
    if (batch.length > 0) this.#sending = this.#deliver(batch);
  }

  /** Never rejects. */
  async #deliver(
    batch: readonly { readonly from: ReadEvent; readonly event: TakedownEvent }[],
  ): Promise<void> {
    const sent = this.#sent;
    try {
      // What the others have found holds for these as well.
      if (sent.firstUnsent !== undefined) throw new Error(sent.firstUnsent);
      const receipts = await this.#send(batch.map(({ event }) => event));
      for (const [i, { from }] of batch.entries()) {
        const receipt = receipts[i];
        if (receipt?.status === ReceiptStatus.ACCEPTED) sent.accepted += 1;
        else reject(sent, from, violationsOf(receipt));
      }
    } catch (error) {
      sent.unsent += batch.length;
      sent.firstUnsent ??= error instanceof Error ? error.message : String(error);
    }
  }
}

function reject(sent: SentEvents, { file, line }: ReadEvent, violations: readonly RefusedField[]): void {
  sent.rejected += 1;
  if (sent.rejections.length < MOST_REJECTIONS) sent.rejections.push({ file, line, violations });
}

/** The same for the same location. */
function laneOf({ locationKey, location }: TakedownEvent): number {
  const name = `${locationKey}${location?.url ?? ''}${location?.serviceName ?? ''}${location?.contentId ?? ''}`;
  let mixed = 0;
  for (let i = 0; i < name.length; i += 1) mixed = (Math.imul(mixed, 31) + name.charCodeAt(i)) >>> 0;
  return mixed % LANES;
}
