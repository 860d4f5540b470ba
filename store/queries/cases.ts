// Cases as they stand: the row that their events were folded into, or, while nobody has acted on them, what their
// reports alone make of them.
import { numberOf, textOf, textsOf, type Select } from './select.js';

export interface StoredDeadline {
  /** id@version. */
  readonly rule: string;
  readonly limitMs: number;
  readonly pausedBy: readonly ('HOLD' | 'APPEAL')[];
}

/** Who has to take it down by when. Instants in ms since 1970. */
export interface StoredDuty {
  /** From 1. */
  readonly cycle: number;
  readonly trigger: string;
  /** Empty where nobody is known to answer for the location. */
  readonly addressee: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly deadlines: readonly StoredDeadline[];
}

export interface StoredCycle {
  readonly openedMs: number;
  /** Neither seen down nor ended: a deadline that passes in it is not met. */
  readonly isOpen: boolean;
}

export interface StoredPause {
  readonly kind: 'HOLD' | 'APPEAL';
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** As far as its readers need it. */
export interface StoredCase {
  readonly environment: string;
  /** UUID as text. */
  readonly locationKey: string;
  /** How many acts it has seen. */
  readonly version: number;
  readonly status: string;
  readonly stage: string;
  readonly owner: string;
  readonly isHeld: boolean;
  readonly reportCount: number;
  readonly category: string;
  readonly urgency: string;
  readonly host: string;
  readonly country: string;
  readonly asn: number;
  readonly openedAtMs: number;
  readonly cycles: readonly StoredCycle[];
  readonly duties: readonly StoredDuty[];
  /** By their beginning. */
  readonly pauses: readonly StoredPause[];
}

const ms = (column: string): string => `arrayMap(t -> toUnixTimestamp64Milli(t), ${column})`;
const FOLDED = `environment, toString(location_key) AS place, acts, status, stage, owner, is_held, report_count, category,
  urgency, host, country, asn, toUnixTimestamp64Milli(opened_at) AS opened,
  ${ms('cycle_opened_from')} AS cycle_opened_ms,
  arrayMap((down, ended) -> toUInt8(isNull(down) AND isNull(ended)), cycle_first_seen_down, cycle_ended_at) AS cycle_open,
  duty_cycle, duty_trigger, duty_addressee, ${ms('duty_from')} AS duty_from_ms, ${ms('duty_to')} AS duty_to_ms,
  deadline_duty, deadline_rule, deadline_ms, deadline_pauses,
  pause_kind, ${ms('pause_from')} AS pause_from_ms,
  arrayMap(t -> ifNull(toUnixTimestamp64Milli(t), -1), pause_to) AS pause_to_ms`;
const KEYS = `location_key IN (SELECT arrayJoin(arrayMap(k -> toUUID(k), {keys:Array(String)})))`;

/** The cases of these locations, by key; none for locations that nobody has reported. Keys are UUIDs as text. */
export async function selectCases(
  select: Select,
  environments: readonly string[],
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredCase>> {
  const found = new Map<string, StoredCase>();
  const folded = await select(
    `SELECT ${FOLDED} FROM cases FINAL WHERE environment IN {environments:Array(String)} AND ${KEYS}`,
    { environments, keys },
  );
  for (const row of folded) found.set(textOf(row, 'place'), foldedOf(row));
  const untouched = keys.filter((key) => !found.has(key));
  if (untouched.length === 0) return found;
  const openings = await select(
    `SELECT environment, toString(location_key) AS place, status, stage, reports, urgency, category, host, country, asn,
       toUnixTimestamp64Milli(opened_at) AS opened
     FROM case_openings WHERE environment IN {environments:Array(String)} AND ${KEYS}`,
    { environments, keys: untouched },
  );
  for (const row of openings) found.set(textOf(row, 'place'), openingOf(row));
  return found;
}

function foldedOf(row: Readonly<Record<string, unknown>>): StoredCase {
  const deadlines = deadlinesOf(row);
  const [cycles, triggers, addressees] = ['duty_cycle', 'duty_trigger', 'duty_addressee'].map((column) =>
    textsOf(row, column),
  );
  const [fromMs, toMs] = [numbersOf(row, 'duty_from_ms'), numbersOf(row, 'duty_to_ms')];
  const opened = numbersOf(row, 'cycle_opened_ms');
  const pauseFrom = numbersOf(row, 'pause_from_ms');
  const pauseTo = numbersOf(row, 'pause_to_ms');
  return {
    ...commonOf(row),
    version: numberOf(row, 'acts'),
    owner: textOf(row, 'owner'),
    isHeld: row['is_held'] === true,
    reportCount: numberOf(row, 'report_count'),
    cycles: numbersOf(row, 'cycle_open').map((open, i) => ({ openedMs: opened[i] ?? 0, isOpen: open === 1 })),
    duties: (addressees ?? []).map((addressee, i) => ({
      cycle: Number(cycles?.[i]),
      trigger: triggers?.[i] ?? '',
      addressee,
      fromMs: fromMs[i] ?? 0,
      toMs: toMs[i] ?? 0,
      deadlines: deadlines.filter(({ duty }) => duty === i + 1),
    })),
    pauses: textsOf(row, 'pause_kind').map((kind, i) => ({
      kind: kind === 'HOLD' ? 'HOLD' : 'APPEAL',
      fromMs: pauseFrom[i] ?? 0,
      toMs: (pauseTo[i] ?? -1) < 0 ? null : (pauseTo[i] ?? null),
    })),
  };
}

function deadlinesOf(
  row: Readonly<Record<string, unknown>>,
): readonly (StoredDeadline & { readonly duty: number })[] {
  const limits = numbersOf(row, 'deadline_ms');
  const duties = numbersOf(row, 'deadline_duty');
  const pauses = textsOf(row, 'deadline_pauses');
  return textsOf(row, 'deadline_rule').map((rule, i) => {
    const kinds = (pauses[i] ?? '').split('+');
    return {
      duty: duties[i] ?? 0,
      rule,
      limitMs: limits[i] ?? 0,
      pausedBy: (['HOLD', 'APPEAL'] as const).filter((kind) => kinds.includes(kind)),
    };
  });
}

function openingOf(row: Readonly<Record<string, unknown>>): StoredCase {
  return {
    ...commonOf(row),
    version: 0,
    owner: '',
    isHeld: false,
    reportCount: numberOf(row, 'reports'),
    cycles: [{ openedMs: numberOf(row, 'opened'), isOpen: true }],
    duties: [],
    pauses: [],
  };
}

function commonOf(row: Readonly<Record<string, unknown>>) {
  return {
    environment: textOf(row, 'environment'),
    locationKey: textOf(row, 'place'),
    status: textOf(row, 'status'),
    stage: textOf(row, 'stage'),
    category: textOf(row, 'category'),
    urgency: textOf(row, 'urgency'),
    host: textOf(row, 'host'),
    country: textOf(row, 'country'),
    asn: numberOf(row, 'asn'),
    openedAtMs: numberOf(row, 'opened'),
  };
}

function numbersOf(row: Readonly<Record<string, unknown>>, column: string): readonly number[] {
  return textsOf(row, column).map(Number);
}
