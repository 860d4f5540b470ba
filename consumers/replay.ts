// Replays dead letters: appends their bytes again, each wrapped with where it stood, so that the row it becomes remembers
// what it is a replay of. Whatever was appended has landed before the next ones are chosen, so a crash at any moment
// or a second replay appends nothing twice.
import { Buffer } from 'node:buffer';
import type { Log } from '../log/log.js';
import { MAX_RECORD_BYTES } from '../log/limits.js';
import { parsePosition, type PositionTopic } from '../schemas/log-position.js';
import {
  isUnreadable,
  replayedRecordCodec,
  reportRecordCodec,
  takedownRecordCodec,
} from '../schemas/record-codec.js';
import type { DeadLetterReason, EventOutcome, Outcome } from '../schemas/vocabulary.js';
import {
  countDeadLetters,
  selectDeadLetters,
  selectOriginals,
  selectReplayOutcomes,
  type DeadLetterFilter,
} from '../store/queries/dead-letters.js';
import { selectEpochs } from '../store/queries/landed.js';
import type { Select } from '../store/queries/select.js';
import { LANDED_TOPICS, REPORTS, TAKEDOWNS, type LandedTopic } from './landed-topics.js';

/** What is to be replayed: of the dead letters that have not been. */
export interface ReplayRequest {
  /** Undefined: all. */
  readonly ids?: readonly string[] | undefined;
  readonly reason?: DeadLetterReason | undefined;
  /** Also those that are replays themselves and could not be read again. */
  readonly again: boolean;
  /**
   * Where the log ended when the replay began, by partition, those of reports first: what is beyond is left for another.
   * Undefined: now.
   */
  readonly ends?: readonly number[] | undefined;
}

/** What one step of a replay has done. */
export interface ReplayStep {
  readonly replayed: number;
  /** What became of the replayed ones. */
  readonly outcomes: Readonly<Partial<Record<Outcome | EventOutcome, number>>>;
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
  const reports = await endsOf(log, REPORTS);
  const ends = request.ends ?? [...reports, ...(await endsOf(log, TAKEDOWNS))];
  const epochs = await selectEpochs(select);
  const epochOf = (of: LandedTopic): number => epochs.find(({ topic }) => topic === of.topic)?.epoch ?? 0;
  const { ids, reason, again } = request;
  const meant: DeadLetterFilter = {
    ids,
    reason,
    before: {
      reports: { epoch: epochOf(REPORTS), ends: ends.slice(0, reports.length) },
      takedowns: { epoch: epochOf(TAKEDOWNS), ends: ends.slice(reports.length) },
    },
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
    const originals = await selectOriginals(select, chosen);
    for (const { name, topic } of LANDED_TOPICS) {
      const records = replaysOf(name, originals);
      if (records.length > 0) await log.append(topic, records);
    }
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
  name: PositionTopic,
  originals: ReadonlyMap<string, Buffer>,
): { readonly key: Uint8Array; readonly value: Buffer }[] {
  return [...originals].flatMap(([id, original]) => {
    const position = parsePosition(id);
    if (position === undefined) throw new TypeError('a dead letter without a position');
    const { topic, ...place } = position;
    if (topic !== name) return [];
    const key = keyOf(name, original) ?? Buffer.from(id);
    return [{ key, value: replayedRecordCodec.encode({ ...place, original }) }];
  });
}

function keyOf(name: PositionTopic, original: Buffer): Uint8Array | undefined {
  if (name === 'reports') {
    const record = reportRecordCodec.decode(original);
    return isUnreadable(record) ? undefined : record.authorityReportId;
  }
  const record = takedownRecordCodec.decode(original);
  return isUnreadable(record) ? undefined : record.locationKey;
}

async function endsOf(log: Pick<Log, 'extents'>, { topic }: LandedTopic): Promise<readonly number[]> {
  return (await log.extents(topic)).map(({ end }) => end);
}
