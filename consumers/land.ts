// Exactly-once landing of one partition: intent, insert, commit. Knows no topic and no row.
//
//   commit (from, {pending: [from, to]})   what is about to be inserted, so that a restart re-forms the same batch
//   insert, token topic:epoch:partition:from-to   the store lands a token once, in the table and in every view
//   commit (to + 1)                        only after the store has it
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedRecord, PartitionReader, TakeLimits } from '../log/log.js';
import { StoreFault, type Block, type Store } from '../store/store.js';

/** Rows of one batch, ready to be inserted. */
export type Rows = Pick<Block, 'table' | 'columns' | 'rows' | 'rowCount'>;

/** Turns one batch into rows: one for every record. Called once per batch, in log order. */
export type ToRows = (batch: readonly LoggedRecord[]) => Promise<Rows>;

export interface LandingOptions {
  readonly store: Pick<Store, 'insert'>;
  readonly epoch: number;
  readonly limits: TakeLimits;
  readonly toRows: ToRows;
  /** Told after every batch, when its rows are visible and its offsets committed. */
  readonly onLanded: (landed: Landed) => void;
  /** Told when the store refused for now: the batch waits. */
  readonly onRetry: (fault: StoreFault) => void;
  readonly retryMs: { readonly first: number; readonly most: number };
}

export interface Landed {
  readonly from: number;
  readonly to: number;
}

/** What stands in the log and what in the store contradict each other: nothing here can mend that. */
export class LandingFault extends Error {
  override readonly name = 'LandingFault';
}

/** Lands until the reader is revoked. Rejects with the log's or the store's fault, or with `LandingFault`. */
export async function landPartition(reader: PartitionReader, options: LandingOptions): Promise<void> {
  let pending = parsePending(reader, options.epoch);
  while (!reader.revoked.aborted) {
    const batch =
      pending === undefined ? await reader.take(options.limits) : await takeAgain(reader, pending);
    const first = batch[0];
    const last = batch.at(-1);
    if (first === undefined || last === undefined) continue;
    const landing = { from: first.offset, to: last.offset };
    if (pending === undefined) {
      await reader.commit(landing.from, pendingText(landing, options.epoch));
    }
    const rows = await options.toRows(batch);
    if (rows.rowCount !== batch.length) {
      throw new LandingFault(`${batch.length} records became ${rows.rowCount} rows`);
    }
    const token = `${reader.topic}:${options.epoch}:${reader.partition}:${landing.from}-${landing.to}`;
    if (!(await insertUntilDefinite(reader, { ...rows, token }, options))) return;
    await reader.commit(landing.to + 1, '');
    pending = undefined;
    options.onLanded(landing);
  }
}

/**
 * An insert that failed may have landed, wholly or in part: only the same block under the same token
 * settles it, however long that takes. False: the partition was lost meanwhile.
 */
async function insertUntilDefinite(
  reader: PartitionReader,
  block: Block,
  options: LandingOptions,
): Promise<boolean> {
  for (let waitMs = options.retryMs.first; ; waitMs = Math.min(waitMs * 2, options.retryMs.most)) {
    if (!reader.owned()) return false;
    try {
      await options.store.insert(block);
      return true;
    } catch (error) {
      if (!(error instanceof StoreFault) || error.retry === 'never') throw error;
      options.onRetry(error);
    }
    await sleep(waitMs, undefined, { signal: reader.revoked }).catch(() => undefined);
  }
}

/** Exactly the batch of the intent, whatever the limits are now. */
async function takeAgain(reader: PartitionReader, { from, to }: Landed): Promise<readonly LoggedRecord[]> {
  const batch: LoggedRecord[] = [];
  while (batch.length < to - from + 1) {
    const more = await reader.take({
      maxRecords: to - from + 1 - batch.length,
      maxBytes: Number.MAX_SAFE_INTEGER,
      maxWaitMs: 1_000,
    });
    if (reader.revoked.aborted) return [];
    if (more.length === 0)
      throw new LandingFault(`offsets ${from}-${to} were to be landed, but the log ends before`);
    // A value is only good until the next take.
    batch.push(...more.map(({ offset, value }) => ({ offset, value: Uint8Array.from(value) })));
  }
  if (batch[0]?.offset !== from || batch.at(-1)?.offset !== to) {
    throw new LandingFault(`offsets ${from}-${to} were to be landed, but the log holds others`);
  }
  return batch;
}

/** At most 100 bytes of ASCII. */
function pendingText({ from, to }: Landed, epoch: number): string {
  return JSON.stringify({ pending: [from, to], epoch });
}

/** The batch whose fate is not known, or undefined. */
export function pendingOf(metadata: string): (Landed & { readonly epoch: number }) | undefined {
  if (metadata === '') return undefined;
  const match = /^\{"pending":\[(\d+),(\d+)\],"epoch":(\d+)\}$/.exec(metadata);
  if (match === null) throw new LandingFault('the committed offset carries a note that was not written here');
  return { from: Number(match[1]), to: Number(match[2]), epoch: Number(match[3]) };
}

function parsePending(reader: PartitionReader, epoch: number): Landed | undefined {
  const pending = pendingOf(reader.committed?.metadata ?? '');
  if (pending === undefined) return undefined;
  if (pending.epoch !== epoch || pending.from !== reader.committed?.offset) {
    throw new LandingFault(`the intent ${pending.from}-${pending.to} belongs to another epoch or offset`);
  }
  return pending;
}
