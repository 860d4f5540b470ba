// The way of an event from the log to its row and into its case: decode, judge, land, fold. Whoever owns the first
// partition also watches over the cases.
import type { Log, PartitionReader, TakeLimits } from '../../log/log.js';
import type { CaseKey } from '../../takedown/case.js';
import type { Rule } from '../../takedown/rule.js';
import { createEnrich } from '../enrich.js';
import { checkSink } from '../epoch.js';
import { TAKEDOWNS } from '../landed-topics.js';
import { openFloodGuard, type FloodOptions } from '../open-flood-guard.js';
import { refuseRepeatedReplays } from '../refuse-repeated-replays.js';
import { landPartition, type Landed } from '../land.js';
import { landingOf, type LandingOver } from '../landing-of.js';
import type { Lookups } from '../lookups/load-lookups.js';
import { caseName } from '../../store/queries/case-events.js';
import { decodeEvents } from './decode-event.js';
import { EVENT_COLUMNS, eventRows } from './event-rows.js';
import { judgeEvents, type JudgedEvent } from './judge-events.js';
import { keepCases, type KeepingCases } from './keep-cases.js';
import { untilOneEnds } from './until-one-ends.js';
import { watchCases } from './watch-cases.js';

export interface LandingEvents extends LandingOver, FloodOptions {
  readonly log: Log;
  /** Of the topic of takedowns. */
  readonly epoch: number;
  /** Of the topic of reports. */
  readonly reportsEpoch: number;
  readonly lookups: Lookups;
  /** What cases are folded with. */
  readonly rules: readonly Rule[];
  readonly nowMs: () => number;
  /** Asked once all partitions of an assignment are here. */
  readonly limits: () => TakeLimits;
  readonly onLanded: (landed: Landed) => void;
}

/** The one that watches over all cases: each of its findings becomes an event of a case, in whatever partition. */
const WATCHING_PARTITION = 0;

/** Until the reader is revoked. Rejects as `landPartition` does, and with what ends the watch. */
export async function landEvents(reader: PartitionReader, options: LandingEvents): Promise<void> {
  const { log, group, reportsEpoch, pause } = options;
  const works = [(own: PartitionReader) => landOnly(own, options)];
  if (reader.partition === WATCHING_PARTITION) {
    works.push((own) => watchCases({ ...keepingOf(own, options), log, group, reportsEpoch, pause }, own));
  }
  await untilOneEnds(reader, works);
}

function keepingOf(reader: PartitionReader, options: LandingEvents): KeepingCases {
  const { select, insert } = landingOf(reader, 'takedown_records', options.epoch, options);
  return { select, insert, rules: options.rules, nowMs: options.nowMs };
}

async function landOnly(reader: PartitionReader, options: LandingEvents): Promise<void> {
  const { partition } = reader;
  const { epoch, lookups, nowMs, onLanded } = options;
  const landing = landingOf(reader, 'takedown_records', epoch, options);
  const { select, committedNow } = landing;
  await checkSink(reader, select, 'takedown_records', epoch, committedNow);
  const before = { epoch, partition, offset: reader.committed?.offset ?? 0 };
  const watchFlood = await openFloodGuard(TAKEDOWNS, select, before, options);
  const enrichLocation = createEnrich(lookups);
  const keeping = keepingOf(reader, options);
  let touched: Iterable<CaseKey> = [];
  await landPartition(reader, {
    ...landing,
    limits: options.limits(),
    async toRows(batch) {
      const decoded = decodeEvents(batch);
      const from = { epoch, partition, offset: batch[0]?.offset ?? 0 };
      await watchFlood(decoded, from);
      const checked = await refuseRepeatedReplays(TAKEDOWNS, decoded, select, from);
      const judged = await judgeEvents(checked, select, from);
      touched = casesOf(judged);
      const context = {
        epoch,
        partition,
        landedAtMs: nowMs(),
        enrichLocation,
        lookupVersions: lookups.versions,
      };
      return {
        table: 'takedown_records',
        columns: EVENT_COLUMNS,
        rows: eventRows(judged, context),
        rowCount: judged.length,
      };
    },
    // Before the commit: whoever takes the partition over after a crash folds them again.
    afterInsert: ({ to }) => keepCases(keeping, touched, { topic: 'takedowns', epoch, partition, to }),
    onLanded,
  });
}

/** Each once. */
function casesOf(judged: readonly JudgedEvent[]): Iterable<CaseKey> {
  const cases = new Map<string, CaseKey>();
  for (const event of judged) {
    if (event.outcome !== 'EVENT') continue;
    const { environment } = event.record;
    cases.set(caseName(environment, event.locationKey), { environment, locationKey: event.locationKey });
  }
  return cases.values();
}
