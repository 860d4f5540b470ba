// Fragments of SQL that say what `takedown/clocks.ts` says: times in ms, and how long a clock ran.

/** Later than any instant of a case, in ms since 1970. */
export const FAR_MS = 1_000_000_000_000_000;

/** Ms since 1970 of a DateTime64(3). */
export const ms = (column: string): string => `toUnixTimestamp64Milli(${column})`;

/** A condition of `pauseColumns`. */
export const HOLD = `kind = 'HOLD'`;

/**
 * The pauses of a case that stop a clock as two arrays of ms, ends included; `isKind` is a condition on `kind`. Of one
 * kind they never overlap.
 */
export function pauseColumns(isKind: string): string {
  return `${beginnings(isKind)} AS paused_from, ${ends(isKind)} AS paused_to`;
}

/** The same for several kinds: a pause begins where those before it have ended, so that the clock stands still once. */
export function mixedPauseColumns(isKind: string): string {
  return `
    ${beginnings(isKind)} AS begun, ${ends(isKind)} AS paused_to,
    arrayMap(
      (since, nth) -> greatest(since, arrayMax(arrayPushFront(arraySlice(paused_to, 1, nth - 1), since))),
      begun, arrayEnumerate(begun)) AS paused_from`;
}

function beginnings(isKind: string): string {
  return `arrayMap(since -> ${ms('since')}, arrayFilter((since, kind) -> ${isKind}, pause_from, pause_kind))`;
}

function ends(isKind: string): string {
  return `arrayMap(until -> ifNull(${ms('until')}, ${FAR_MS}), arrayFilter((until, kind) -> ${isKind}, pause_to, pause_kind))`;
}

/**
 * To be said at the end of each question: the engine would rather find out for every row which branches of an \`if\` it
 * can leave out, which costs more than all of them.
 */
export const WHOLE_BRANCHES = `SETTINGS short_circuit_function_evaluation = 'disable'`;

/** No pauses, as `pauseColumns` names them. */
export const NO_PAUSES = `CAST([], 'Array(Int64)') AS paused_from, CAST([], 'Array(Int64)') AS paused_to`;

/**
 * A text of low cardinality as a plain one. The engine (26.7) fails on conditions over the former beside an array join
 * that leaves no rows: "Invalid cast from LowCardinality(UInt8)".
 */
export const plain = (text: string): string => `CAST(${text}, 'String')`;

/** `runningMs` from one ms to another, with the arrays of `pauseColumns`. */
export function running(from: string, to: string): string {
  const paused = `arraySum(
      (since, until) -> greatest(toInt64(0), least(${to}, until) - greatest(${from}, since)), paused_from, paused_to)`;
  return `(greatest(toInt64(0), ${to} - ${from}) - ${paused})`;
}

/**
 * `stayOf` over rows of `runs.ts`: adds lower_ms, is_down, end_ms (the upper end of what is down, else the time up to the
 * date of the figure), in ms of the clock up to the parameter `as_of`. Step by step: the engine takes an expression as
 * often as its name is used within one step, and is slow to plan.
 */
export function stays(runs: string): string {
  const asOf = '{as_of:Int64}';
  return `
    SELECT *, if(is_down, least(up_ms, down_ms), up_ms) AS lower_ms,
      if(is_down, down_ms, greatest(up_ms, whole_ms)) AS end_ms
    FROM (
      SELECT *, ${running('start_to', 'up_to')} AS up_ms, ${running('start_from', 'down_at')} AS down_ms,
        ${running('start_to', asOf)} AS whole_ms
      FROM (
        SELECT *, ifNull(seen_down <= ${asOf}, false) AS is_down, if(is_down, assumeNotNull(seen_down), start_from) AS down_at,
          if(isNull(seen_up), start_to, least(assumeNotNull(seen_up), ${asOf})) AS up_to
        FROM (${runs})))`;
}

/** `judgeStay` of a row of `stays` against a limit in ms. */
export function verdict(limitMs: string): string {
  return `multiIf(is_down AND end_ms <= ${limitMs}, 'MET', lower_ms >= ${limitMs}, 'MISSED',
    NOT is_down AND end_ms <= ${limitMs}, 'OPEN', 'UNDECIDABLE')`;
}
