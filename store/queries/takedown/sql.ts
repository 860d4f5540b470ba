// Fragments of SQL that say what `takedown/clocks.ts` says: times in ms, and how long a clock ran.

/** Ms since 1970 of a DateTime64(3). */
export const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`;

/**
 * To be said at the end of each question. The engine would rather find out for every row which branches of an `if` it
 * can leave out, which costs more than all of them; and it would look for the index ranges of a set that has them all.
 */
export const WHOLE_TABLE = `SETTINGS short_circuit_function_evaluation = 'disable', use_index_for_in_with_subqueries = 0`;

/** The pauses that stop a clock: columns of arrays that never overlap. Undefined: nothing stops it. */
export type Pauses = readonly [from: string, to: string] | undefined;

/** `runningMs` from one ms to another. */
export function running(from: string, to: string, pauses: Pauses): string {
  const ran = `greatest(toInt64(0), ${to} - ${from})`;
  if (pauses === undefined) return ran;
  const stood = `greatest(toInt64(0), least(${to}, ${ms('until')}) - greatest(${from}, ${ms('since')}))`;
  return `(${ran} - arraySum((since, until) -> ${stood}, ${pauses[0]}, ${pauses[1]}))`;
}

/**
 * `stayOf` over rows with start_from, start_to, seen_up and seen_down, in ms: adds lower_ms, is_down, end_ms (the upper
 * end of what is down, else the time up to the date of the figure), in ms of the clock up to the parameter `as_of`. Step
 * by step: the engine takes an expression as often as its name is used within one step, and is slow to plan.
 */
export function stays(runs: string, pauses: Pauses): string {
  return `
    SELECT *, if(is_down, least(up_ms, ran_ms), up_ms) AS lower_ms, if(is_down, ran_ms, greatest(up_ms, ran_ms)) AS end_ms
    FROM (
      SELECT *, ${running('start_to', 'least(seen_up, {as_of:Int64})', pauses)} AS up_ms,
        ${running('ran_from', 'ran_to', pauses)} AS ran_ms
      FROM (
        SELECT *, seen_down <= {as_of:Int64} AS is_down, if(is_down, start_from, start_to) AS ran_from,
          least(seen_down, {as_of:Int64}) AS ran_to
        FROM (${runs})))`;
}

/** `judgeStay` of a row of `stays` against a limit in ms. */
export function verdict(limitMs: string): string {
  return `multiIf(is_down AND end_ms <= ${limitMs}, 'MET', lower_ms >= ${limitMs}, 'MISSED',
    NOT is_down AND end_ms <= ${limitMs}, 'OPEN', 'UNDECIDABLE')`;
}
