// What must hold at every commit and insert, and in the end. Writes down what does not, instead of throwing: a throw
// inside a fake would be a fault to the pipeline.
import { isDeepStrictEqual } from 'node:util';
import { audit } from '../../consumers/audit.js';
import { LANDING_GROUP } from '../../consumers/pipeline.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import type { Log } from '../../log/log.js';
import type { Block, Row, Store } from '../../store/store.js';
import type { DurableLog, Partition } from './fake-log.js';
import type { Process } from './process.js';
import type { DurableSink } from './fake-sink.js';
import { VIEWS } from './sink-views.js';
import { caseLine, eventLine, expectedEvents, type EventItem } from './takedown-workload.js';
import { expectedOutcomes, outcomeLine, type Item } from './workload.js';

const TABLES: ReadonlyMap<string, string> = new Map([
  [REPORTS_TOPIC, 'records'],
  [DATA_KEYS_TOPIC, 'data_keys'],
  [TAKEDOWNS_TOPIC, 'takedown_records'],
]);

/** What of a row must be the same however often it comes. */
const LINES: ReadonlyMap<string, (row: Row) => string> = new Map([
  ['records', lineOf],
  ['takedown_records', eventLineOf],
]);

export class Expectations {
  readonly violations: string[] = [];
  readonly #tokenOf = new Map<string, string>();
  readonly #linesOf = new Map<string, readonly string[]>();

  /** What is committed has landed. */
  onCommit({ topic, partition, first, committed }: Partition, sink: DurableSink): void {
    const end = committed?.offset ?? first;
    const rows = sink.rows(TABLES.get(topic)!).filter((row) => row['log_partition'] === partition);
    const landed = rows.filter((row) => Number(row['log_offset']) < end).length;
    if (landed !== end - first)
      this.violations.push(`${end} committed, but ${landed} rows landed from ${first} on`);
  }

  /** Nothing is inserted by a process that could know that it has lost the partition. */
  onBegin({ table, token }: Block, process: Process, log: DurableLog): void {
    for (const { topic, partition, owner } of log.partitions) {
      if (
        TABLES.get(topic) === table &&
        token.startsWith(`${topic}:1:${partition}:`) &&
        owner?.process !== process
      )
        this.violations.push(`${token} is inserted by ${process.name}, which does not own the partition`);
    }
  }

  /** What is inserted is known to be under way, and is the same however often it comes. */
  onInsert({ table, token }: Block, rows: readonly Row[], log: DurableLog): void {
    const partition = log.partitions.find(
      (other) => TABLES.get(other.topic) === table && other.partition === rows[0]?.['log_partition'],
    );
    if (partition === undefined) return;
    const offsets = rows.map((row) => Number(row['log_offset']));
    const note = `"pending":[${offsets[0]},${offsets.at(-1)}]`;
    const { offset = partition.first, metadata = '' } = partition.committed ?? {};
    if (offsets.at(-1)! >= offset && !metadata.includes(note))
      this.violations.push(`${token} is inserted, but not noted as being under way`);

    const lines = rows.map(LINES.get(table) ?? ((row) => JSON.stringify(row)));
    if (!isDeepStrictEqual(this.#linesOf.get(token) ?? lines, lines))
      this.violations.push(`${token} came again with other rows`);
    this.#linesOf.set(token, lines);
    for (const at of offsets) {
      const place = `${table} ${partition.partition}/${at}`;
      if ((this.#tokenOf.get(place) ?? token) !== token)
        this.violations.push(`${place} came under ${this.#tokenOf.get(place)} and ${token}`);
      this.#tokenOf.set(place, token);
    }
  }

  /** What landed is what was accepted; the totals say the same; the audit agrees. `items`: what the log's values are. */
  async onEnd(
    durable: { readonly log: DurableLog; readonly sink: DurableSink },
    view: { readonly log: Log; readonly store: Store },
    items: ReadonlyMap<Uint8Array, Item>,
    events: readonly EventItem[],
    areLookupsTheSame: boolean,
  ): Promise<void> {
    const { log, sink } = durable;
    const accepted = log.of(REPORTS_TOPIC).flatMap(({ partition, first, values }) =>
      expectedOutcomes(
        partition,
        first,
        values.map((value) => items.get(value)!),
      ),
    );
    this.#compare('rows', sink.rows('records').map(lineOf), accepted);
    this.#compare(
      'data keys',
      sink.rows('data_keys').map((row) => `${String(row['log_offset'])} ${String(row['key_id'])}`),
      log
        .of(DATA_KEYS_TOPIC)
        .flatMap(({ first, values }) =>
          values.map((_, n) => `${first + n} ${Buffer.alloc(8, n + 1).toString('hex')}`),
        ),
    );
    const expected = expectedEvents(log.of(TAKEDOWNS_TOPIC)[0]?.first ?? 0, events);
    this.#compare('events', sink.rows('takedown_records').map(eventLineOf), expected.lines);
    this.#compare('cases', newestCases(sink), expected.cases);
    for (const { name, of, groupsOf } of VIEWS) {
      // A batch that landed in part, and wholly after a change of the lookups, has two answers to where hosts are.
      const grouped = (group: string): string =>
        areLookupsTheSame || name !== 'host_totals'
          ? group
          : JSON.stringify((JSON.parse(group) as readonly string[]).slice(0, 5));
      const counted = [...sink.totals.get(name)!].flatMap(([group, n]) =>
        Array<string>(n).fill(grouped(group)),
      );
      this.#compare(name, counted, sink.rows(of).flatMap(groupsOf).map(grouped));
    }
    this.#checkLandings(sink, log);
    const { holds, problems } = await audit(view.log, view.store, LANDING_GROUP);
    if (!holds) this.violations.push(`the audit finds: ${problems.join('; ')}`);
  }

  /** Each batch became visible once; those that nobody wrote down are missing. */
  #checkLandings(sink: DurableSink, log: DurableLog): void {
    const ranges = sink.rows('landings').map((row) => {
      const [partition, from, to] = ['log_partition', 'from_offset', 'to_offset'].map((name) =>
        Number(row[name]),
      );
      return { partition, from: from!, to: to! };
    });
    for (const { partition, first } of log.of(REPORTS_TOPIC)) {
      let end = first;
      const ofPartition = ranges
        .filter((range) => range.partition === partition)
        .sort((a, b) => a.from - b.from);
      for (const { from, to } of ofPartition) {
        if (from < end || to < from)
          this.violations.push(`landing times of ${partition}/${from}-${to} are there twice`);
        end = to + 1;
      }
    }
  }

  /** As multisets. */
  #compare(what: string, found: readonly string[], expected: readonly string[]): void {
    const missing = minus(expected, found);
    const tooMany = minus(found, expected);
    if (missing.length > 0) this.violations.push(`${what} missing: ${missing.join(', ')}`);
    if (tooMany.length > 0) this.violations.push(`${what} too many: ${tooMany.join(', ')}`);
  }
}

function minus(some: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1);
  return some.filter((one) => {
    const left = counts.get(one) ?? 0;
    counts.set(one, left - 1);
    return left <= 0;
  });
}

/** The row of each case that counts. */
function newestCases(sink: DurableSink): string[] {
  const newest = new Map<string, Row>();
  for (const row of sink.rows('cases')) {
    const key = String(row['location_key']).replaceAll('-', '');
    if (Number(row['version']) >= Number(newest.get(key)?.['version'] ?? 0)) newest.set(key, row);
  }
  return [...newest].map(([key, row]) => caseLine(key, Number(row['version']), Number(row['acts'])));
}

function eventLineOf(row: Row): string {
  const outcome = String(row['outcome']);
  return eventLine(
    `${String(row['log_partition'])}/${String(row['log_offset'])}`,
    outcome,
    String(row[outcome === 'DEAD_LETTER' ? 'reason' : 'event_id']),
    row['is_outdated'] === true,
  );
}

function lineOf(row: Row): string {
  const place = `${String(row['log_partition'])}/${String(row['log_offset'])}`;
  const outcome = String(row['outcome']);
  const what =
    outcome === 'DEAD_LETTER'
      ? String(row['reason'])
      : `${String(row['report_id'])}.${String(row['revision'])}`;
  const fields = row['conflict_fields'];
  return outcomeLine(place, outcome, what, Array.isArray(fields) ? fields.map(String) : []);
}
