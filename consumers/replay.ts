// Replays dead letters: appends their bytes again, each wrapped with where it stood, so that the row it becomes remembers
// what it is a replay of. Whatever was appended has landed before the next ones are chosen, so a crash at any moment
// or a second replay appends nothing twice.
import { Buffer } from 'node:buffer';
import type { Log } from '../log/log.js';
import { MAX_RECORD_BYTES } from '../log/limits.js';
import { REPORTS_TOPIC } from '../log/topics.js';
import { parsePosition } from '../schemas/log-position.js';
import { isUnreadable, replayedRecordCodec, reportRecordCodec } from '../schemas/record-codec.js';
import type { DeadLetterReason, Outcome } from '../schemas/vocabulary.js';
import {
  countDeadLetters,
  selectDeadLetters,
  selectOriginals,
  selectReplayOutcomes,
  type DeadLetterFilter,
} from '../store/queries/dead-letters.js';
import { selectEpochs } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';

/** What is to be replayed: of the dead letters that have not been. */
export interface ReplayRequest {
  /** Undefined: all. */
  readonly ids?: readonly string[] | undefined;
  readonly reason?: DeadLetterReason | undefined;
  /** Also those that are replays themselves and could not be read again. */
  readonly again: boolean;
  /** Where the log ended when the replay began, by partition: what is beyond is left for another. Undefined: now. */
  readonly ends?: readonly number[] | undefined;
}

/** What one step of a replay has done. */
export interface ReplayStep {
  readonly replayed: number;
  /** What became of the replayed ones. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Not replayed yet; what is left when nothing more is replayed is too large to be appended with where it stood. */
  readonly left: number;
  /** For the next step. */
  readonly ends: readonly number[];
}

export interface ReplayOver {
  readonly log: Pick<Log, 'append' | 'extents'>;
  readonly select: Select;
  /** Resolves when all that the log holds has landed; rejects when landing has stopped. */
  readonly landed: () => Promise<void>;
}

const MOST_RECORDS = 5_000;
const MOST_BYTES = 8_388_608;
/** Header, three whole numbers and a length, with room to spare. */
const MOST_ADDED_BYTES = 64;
const MOST_ORIGINAL_BYTES = MAX_RECORD_BYTES - MOST_ADDED_BYTES;

/**
 * Replays some, in the order of the log; `most`: how many at the most, 0 to learn how many are meant. Not to be called
 * for the same store while another call is under way. Rejects with the log's or the store's fault, and may be
 * repeated whatever it rejected with.
 */
export async function replay(
  { log, select, landed }: ReplayOver,
  request: ReplayRequest,
  most = MOST_RECORDS,
): Promise<ReplayStep> {
  await landed();
  const ends = request.ends ?? (await log.extents(REPORTS_TOPIC)).map(({ end }) => end);
  const epoch = (await selectEpochs(select)).find(({ topic }) => topic === REPORTS_TOPIC)?.epoch ?? 0;
  const { ids, reason, again } = request;
  const meant: DeadLetterFilter = {
    ids,
    reason,
    before: { epoch, ends },
    withReplayed: false,
    withReplays: again,
  };
  const fitting = { ...meant, mostBytes: MOST_ORIGINAL_BYTES };

  const chosen: string[] = [];
  let bytes = 0;
  for (const { id, bytes: size } of await selectDeadLetters(select, fitting, Math.min(most, MOST_RECORDS))) {
    bytes += size;
    if (chosen.length > 0 && bytes > MOST_BYTES) break;
    chosen.push(id);
  }
  if (chosen.length > 0) {
    await log.append(REPORTS_TOPIC, replaysOf(await selectOriginals(select, chosen)));
    await landed();
  }
  return {
    replayed: chosen.length,
    outcomes: chosen.length === 0 ? {} : Object.fromEntries(await selectReplayOutcomes(select, chosen)),
    left: await countDeadLetters(select, meant),
    ends,
  };
}

/**
 * The key decides the partition: what can be read now meets the other copies of its report, as the gateway would have
 * it; what cannot has no copies.
 */
function replaysOf(
  originals: ReadonlyMap<string, Buffer>,
): { readonly key: Uint8Array; readonly value: Buffer }[] {
  return [...originals].map(([id, original]) => {
    const position = parsePosition(id);
    if (position === undefined) throw new TypeError('a dead letter without a position');
    const record = reportRecordCodec.decode(original);
    return {
      key: isUnreadable(record) ? Buffer.from(id) : record.authorityReportId,
      value: replayedRecordCodec.encode({ ...position, original }),
    };
  });
}
