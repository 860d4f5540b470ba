// The runs of each clock as rows, as `spellsOf` has them: when it started, between which looks it ended.
import type { ClockName } from '../../../takedown/figures/clocks-of-case.js';
import { groupColumn, sliceCondition, type Slice } from './groups.js';
import { openingStays } from './openings.js';
import { ms, stays, type Pauses } from './sql.js';

/** Which runs of the cases that somebody acted on. */
interface Source {
  readonly table: 'case_cycles' | 'case_notices';
  /** What has not happened is dated beyond any date of a figure. */
  readonly start: readonly [from: string, to: string];
  /** The looks between which it ended. */
  readonly seen: readonly [up: string, down: string];
  readonly where: string;
  readonly addressee: string;
  readonly pauses: Pauses;
}

/** Columns of `case_cycles` that can be summed. */
export type Tally = 'claims' | 'false_claims';

/**
 * One row per run of the clock that started by as_of and belongs to the cohort, in cycles that left it too: grp,
 * has_left, the tallies and what `stays` says. Told apart by rule, `grp` is the list of them: a notice counts once for
 * each. Takes the parameters environment, as_of, since, until and those of the slice.
 */
export function runStays(clock: ClockName, slice: Slice, tallies: readonly Tally[] = []): string {
  const carried = tallies.map((tally) => `, ${tally}`).join('');
  const { table, start, seen, where, addressee, pauses } = sourceOf(clock);
  const ofCases = stays(
    `
    SELECT ${groupColumn(slice)}, ${ms(start[0])} AS start_from, ${ms(start[1])} AS start_to, ${ms(seen[0])} AS seen_up,
      ${ms(seen[1])} AS seen_down, ${ms('left_at')} <= {as_of:Int64} AS has_left${carried}
      ${addressee === 'addressee' ? '' : `, ${addressee} AS addressee`}${pauses === undefined ? '' : `, ${pauses.join(', ')}`}
    FROM ${table} FINAL
    WHERE environment = {environment:String} AND NOT is_void${where}${sliceCondition(slice)} AND ${IN_COHORT}`,
    pauses,
  );
  const ofOpenings = openingStays(clock, slice, IN_COHORT, tallies);
  const all = [ofCases, ...(ofOpenings === undefined ? [] : [ofOpenings])];
  return all
    .map((rows) => `SELECT grp, has_left, is_down, lower_ms, end_ms${carried} FROM (${rows})`)
    .join(' UNION ALL ');
}

const IN_COHORT = `start_from <= {as_of:Int64} AND start_from >= {since:Int64} AND start_from < {until:Int64}`;

const HOLDS = ['held_from', 'held_to'] as const;
const LOOKS = ['last_seen_up', 'first_seen_down'] as const;
const CYCLES = {
  table: 'case_cycles',
  start: ['opened_from', 'opened_to'],
  seen: LOOKS,
  where: '',
  addressee: 'addressee',
  pauses: HOLDS,
} as const;
const NOTICES = { ...CYCLES, table: 'case_notices', start: ['notice_from', 'notice_to'] } as const;

function sourceOf(clock: ClockName): Source {
  switch (clock) {
    case 'exposure':
      return { ...CYCLES, start: ['created_from', 'created_to'], pauses: undefined };
    case 'report_to_verified':
      return { ...CYCLES, where: ` AND opened_by != 'NOTICE'` };
    case 'report_to_assessed':
      return { ...CYCLES, where: ` AND opened_by = 'REPORT'`, seen: ['assessed_from', 'assessed_to'] };
    case 'claim_to_verified':
      return { ...CYCLES, start: ['claimed_at', 'claimed_at'], addressee: 'claimed_by' };
    case 'verified_to_reappeared': {
      const seen = ['reappeared_from', 'reappeared_to'] as const;
      return { ...CYCLES, start: ['first_seen_down', 'first_seen_down'], seen };
    }
    case 'notice_to_claimed':
      return { ...NOTICES, seen: ['claimed_at', 'claimed_at'] };
    case 'notice_to_verified':
      return NOTICES;
  }
}
