// Exactly-once landing of one partition: intent, insert, commit. Knows no topic and no row.
//
//   commit (from, {pending: [from, to]})   what is about to be inserted, so that a restart re-forms the same batch
//   insert, token topic:epoch:partition:from-to   the store lands a token once, in the table and in every view
//   commit (to + 1)                        only after the store has it
import type { LoggedRecord, PartitionReader, TakeLimits } from '../log/log.js';
import type { Block, Store } from '../store/store.js';
import { patiently, type Patience } from './patiently.js';

/** Rows of one batch, ready to be inserted. */
export type Rows = Omit<Block, 'token'>;

/** Turns one batch into rows: one for every record. Called once per batch, in log order. */
export type ToRows = (batch: readonly LoggedRecord[]) => Promise<Rows>;

export interface LandingOptions extends Patience {
  readonly store: Pick<Store, 'insert'>;
  readonly epoch: number;
  readonly limits: TakeLimits;
  readonly toRows: ToRows;
  /** Rows and distinct offsets that the store holds of a range: asked after a block was inserted again. */
  readonly countLanded: (
    range: Landed,
  ) => Promise<{ readonly rows: number; readonly distinctOffsets: number }>;
  /** What must have been done when the offsets are committed; done again when the batch is landed again. */
  readonly afterInsert?: (landed: Landed) => Promise<void>;
  /** Told after every batch, when its rows are visible and its offsets committed. */
  readonly onLanded: (landed: Landed) => void;
}

/** From the first offset to the last, both included. */
export interface Landed {
  readonly from: number;
  readonly to: number;
}

/** What stands in the log and what in the store contradict each other: nothing here can mend that. */
export class LandingFault extends Error {
  override readonly name = 'LandingFault';
}

/**
 * Lands until the reader is revoked. Rejects with the log's or the store's fault (NOT_OWNER when the
 * partition was lost in the middle of a batch: its next owner lands it again), or with `LandingFault`.
 */
export async function landPartition(reader: PartitionReader, options: LandingOptions): Promise<void> {
  let pending = parsePending(reader, options.epoch);
  while (!reader.revoked.aborted) {
    const batch =
      pending === undefined
        ? await patiently(reader, options, () => reader.take(options.limits))
        : await takeAgain(reader, pending, options);
    const first = batch[0];
    const last = batch.at(-1);
    if (first === undefined || last === undefined) continue;
    const landing = { from: first.offset, to: last.offset };
    if (pending === undefined) {
      const intent = pendingText(landing, options.epoch);
      await patiently(reader, options, () => reader.commit(landing.from, intent));
    }
    const rows = await options.toRows(batch);
    if (rows.rowCount !== batch.length) {
      throw new LandingFault(`${batch.length} records became ${rows.rowCount} rows`);
    }
    const token = `${reader.topic}:${options.epoch}:${reader.partition}:${landing.from}-${landing.to}`;
    const attempts = await insertUntilDefinite(reader, { ...rows, token }, options);
    if (pending !== undefined || attempts > 1) await checkLanded(reader, landing, options);
    await options.afterInsert?.(landing);
    await patiently(reader, options, () => reader.commit(landing.to + 1, ''));
    pending = undefined;
    options.onLanded(landing);
  }
}

/**
 * An insert that failed may have landed, wholly or in part: only the same block under the same token
 * settles it, however long that takes. Resolves with the number of attempts.
 */
async function insertUntilDefinite(
  reader: PartitionReader,
  block: Block,
  options: LandingOptions,
): Promise<number> {
  let attempts = 0;
  await patiently(reader, options, () => {
    attempts += 1;
    return options.store.insert(block);
  });
  return attempts;
}

/** The engine's memory of tokens is not synced: a power cut can take it, and the block is then there twice. */
async function checkLanded(reader: PartitionReader, landing: Landed, options: LandingOptions): Promise<void> {
  const { rows, distinctOffsets } = await patiently(reader, options, () => options.countLanded(landing));
  const records = landing.to - landing.from + 1;
  if (rows === records && distinctOffsets === records) return;
  throw new LandingFault(
    `${reader.topic} partition ${reader.partition}: offsets ${landing.from}-${landing.to} were inserted again, ` +
      `and the store now holds ${rows} rows of them instead of ${records}; restore it from a backup`,
  );
}

/** What stands in the log comes at once; this long only from a broker in trouble. */
const MOST_WAIT_MS = 30_000;

/** Exactly the batch of the intent, whatever the limits are now. */
async function takeAgain(
  reader: PartitionReader,
  { from, to }: Landed,
  patience: Patience,
): Promise<readonly LoggedRecord[]> {
  const batch: LoggedRecord[] = [];
  while (batch.length < to - from + 1) {
    const limits = {
      maxRecords: to - from + 1 - batch.length,
      maxBytes: Number.MAX_SAFE_INTEGER,
      maxWaitMs: MOST_WAIT_MS,
    };
    const more = await patiently(reader, patience, () => reader.take(limits));
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
