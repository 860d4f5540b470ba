// Compares what the generator was promised with what stands in the store.
import { numberIn, type Rows } from './ask-store.js';
import { compare, type Difference } from './compare-journal.js';
import type { Sent } from './generator.js';
import type { SentBatch } from './generator-messages.js';
import { ID_PREFIX } from './typical-reports.js';

export interface Verified extends Difference {
  readonly rows: number;
  readonly viewRows: number;
  readonly activeParts: number;
  readonly storeBytes: number;
  /** When the last row became visible, milliseconds since 1970. */
  readonly lastVisibleAtMs: number;
  /** Of the first report of each batch, in the order of their answers. */
  readonly freshness: readonly Freshness[];
}

/** From being due (milliseconds since 1970) to being visible. */
export interface Freshness {
  readonly dueAtMs: number;
  readonly ms: number;
}

const NUMBER = `toUInt64(substring(report_id, ${ID_PREFIX.length + 1}))`;
const NUMBERS_AT_ONCE = 5_000;
/** Of more, some are left out, evenly. */
const MOST_BATCHES = 40_000;

/** `ask` asks the store of a product that has stopped, and that got nothing but `sent`. */
export async function verify(
  ask: (statements: readonly string[]) => Promise<readonly Rows[]>,
  sent: Sent,
): Promise<Verified> {
  const ranges = sent.journal.map(
    ({ from, to }) => `
      SELECT count() AS rows, uniqExact(n) AS distinct, sum(n) AS sum
      FROM (SELECT ${NUMBER} AS n FROM records WHERE outcome = 'REPORT') WHERE n >= ${from} AND n < ${to}`,
  );
  const offsets: string[] = [];
  const step = Math.ceil(sent.batches.length / MOST_BATCHES);
  const batches = sent.batches.filter((_, i) => i % step === 0);
  for (let at = 0; at < batches.length; at += NUMBERS_AT_ONCE) {
    const numbers = batches.slice(at, at + NUMBERS_AT_ONCE).map(({ firstNumber }) => firstNumber);
    offsets.push(`
      SELECT n, log_partition, log_offset FROM (SELECT ${NUMBER} AS n, log_partition, log_offset FROM records WHERE outcome = 'REPORT')
      WHERE n IN (${numbers.join(',')})`);
  }
  const [outcomes, views, parts, landings, ...rest] = await ask([
    `SELECT count() AS rows, countIf(outcome = 'REPORT') AS reports, countIf(outcome = 'DUPLICATE') AS duplicates,
       countIf(outcome IN ('CONFLICT', 'DEAD_LETTER')) AS others FROM records`,
    'SELECT sum(records) AS rows FROM record_totals',
    `SELECT count() AS parts, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()`,
    'SELECT log_partition, from_offset, to_offset, toUnixTimestamp64Milli(visible_at) AS at FROM landings ORDER BY log_partition, from_offset',
    ...ranges,
    ...offsets,
  ]);
  const { lost, doubled } = compare(sent, {
    reports: numberIn(outcomes, 'reports'),
    duplicates: numberIn(outcomes, 'duplicates'),
    others: numberIn(outcomes, 'others'),
    ranges: ranges.map((_, i) => ({
      rows: numberIn(rest[i], 'rows'),
      distinct: numberIn(rest[i], 'distinct'),
      sum: numberIn(rest[i], 'sum'),
    })),
  });
  const landed = landingsIn(landings);
  return {
    lost,
    doubled,
    rows: numberIn(outcomes, 'rows'),
    viewRows: numberIn(views, 'rows'),
    activeParts: numberIn(parts, 'parts'),
    storeBytes: numberIn(parts, 'bytes'),
    lastVisibleAtMs: [...landed.values()].flat().reduce((last, { atMs }) => Math.max(last, atMs), 0),
    freshness: freshnessOf(batches, rest.slice(ranges.length), landed),
  };
}

interface Landing {
  readonly from: number;
  readonly to: number;
  readonly atMs: number;
}

/** By partition, in the order of offsets. */
function landingsIn(rows: Rows | undefined): ReadonlyMap<number, readonly Landing[]> {
  const landings = new Map<number, Landing[]>();
  for (const row of rows ?? []) {
    const partition = Number(row['log_partition']);
    const landing = {
      from: Number(row['from_offset']),
      to: Number(row['to_offset']),
      atMs: Number(row['at']),
    };
    const before = landings.get(partition);
    if (before === undefined) landings.set(partition, [landing]);
    else before.push(landing);
  }
  return landings;
}

/** Of the first report of each batch, in the order of `batches`; those whose landing was not written down are left out. */
function freshnessOf(
  batches: readonly SentBatch[],
  offsets: readonly Rows[],
  landings: ReadonlyMap<number, readonly Landing[]>,
): readonly Freshness[] {
  const landingOfNumber = new Map<number, Landing | undefined>();
  for (const rows of offsets)
    for (const row of rows) {
      const ofPartition = landings.get(Number(row['log_partition'])) ?? [];
      landingOfNumber.set(Number(row['n']), landingOf(ofPartition, Number(row['log_offset'])));
    }
  const found: Freshness[] = [];
  for (const { firstNumber, dueAtMs } of batches) {
    const landing = landingOfNumber.get(firstNumber);
    if (landing !== undefined) found.push({ dueAtMs, ms: landing.atMs - dueAtMs });
  }
  return found;
}

function landingOf(landings: readonly Landing[], offset: number): Landing | undefined {
  let low = 0;
  let high = landings.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((landings[middle]?.to ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  const landing = landings[low];
  return landing !== undefined && landing.from <= offset && offset <= landing.to ? landing : undefined;
}
