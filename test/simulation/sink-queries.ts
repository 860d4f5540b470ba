// What the store answers. Knows no SQL: every question that the consumers have is asked once beforehand, so its text is
// known, and is answered here from the rows. Any other question is a fault of the simulation.
import {
  selectEpochs,
  selectLandedRange,
  selectLandedSpan,
  selectReportCounts,
} from '../../store/queries/landed.js';
import { selectAcceptedTo, selectDeadLettersBefore } from '../../store/queries/floods.js';
import { selectLandedDigests, selectLandedKeys } from '../../store/queries/known-keys.js';
import type { Select, SelectParams } from '../../store/queries/select.js';
import { countedViews, selectCountable, selectViewCounts } from '../../store/queries/view-counts.js';
import type { Row } from '../../store/store.js';
import type { DurableSink } from './fake-sink.js';
import { VIEWS } from './sink-views.js';
import { learnTakedown } from './takedown-queries.js';

type Answer = (sink: DurableSink, params: SelectParams) => readonly Row[];

const answers = new Map<string, Answer>();

/** What every first question can be answered with, so that those behind it are asked as well. */
const ANY_ROW = { rows: 1, behind: 0, accepted: 0, packed: '' };

/** `given`: the answers to the questions that `ask` has, in their order. */
export type Learn = (ask: (select: Select) => unknown, ...given: readonly Answer[]) => Promise<void>;

async function learn(ask: (select: Select) => unknown, ...given: readonly Answer[]): Promise<void> {
  const asked = new Set<string>();
  const select: Select = (sql) => {
    asked.add(sql);
    return Promise.resolve([ANY_ROW]);
  };
  try {
    const found = ask(select);
    if (isGenerator(found)) await found.next();
    else await found;
  } catch (fault) {
    // The row is none that it can read.
    if (!(fault instanceof TypeError)) throw fault;
  }
  if (asked.size !== given.length) throw new Error(`${asked.size} questions, but ${given.length} answers`);
  for (const [index, sql] of [...asked].entries()) answers.set(sql, given[index]!);
}

function isGenerator(found: unknown): found is AsyncGenerator {
  return typeof found === 'object' && found !== null && Symbol.asyncIterator in found;
}

export function answer(sink: DurableSink, sql: string, params: SelectParams): readonly Row[] {
  const found = answers.get(sql);
  if (found === undefined) throw new Error(`the simulation has no answer to: ${sql}`);
  return found(sink, params);
}

const BEFORE = { epoch: 1, partition: 0, offset: 1 };
const WHERE = { epoch: 1, partition: 0, from: 0, to: 1 };

await learn(
  (select) => selectEpochs(select),
  (sink) =>
    sink.rows('log_epochs').map((row) => ({
      topic: row['topic'],
      epoch: row['log_epoch'],
      parts: row['partitions'],
      firsts: row['first_offsets'],
    })),
);
for (const table of ['records', 'data_keys', 'takedown_records'] as const) {
  await learn(
    (select) => selectLandedSpan(select, table, WHERE),
    (sink, params) => {
      const offsets = offsetsOf(sink.rows(table).filter(isOf(params)));
      return [{ first: offsets.length === 0 ? -1 : Math.min(...offsets), last: Math.max(-1, ...offsets) }];
    },
  );
  await learn(
    (select) => selectLandedRange(select, table, WHERE),
    (sink, params) => {
      const offsets = offsetsOf(sink.rows(table).filter(isOf(params)).filter(isBetween(params)));
      return [{ rows: offsets.length, offsets: new Set(offsets).size }];
    },
  );
}
await learn(
  (select) => selectLandedKeys(select, BEFORE),
  (sink, params) => {
    const reports = sink.rows('records').filter(isOf(params)).filter(isBetween(params)).filter(isReport);
    const packed = reports
      .sort((a, b) => Number(a['log_offset']) - Number(b['log_offset']))
      .map((row) => `${String(row['record_key'])}${String(row['payload_digest'])}`);
    return [{ packed: Buffer.from(packed.join(''), 'hex').toString('base64') }];
  },
);
await learn(
  (select) => selectLandedDigests(select, BEFORE, ['00']),
  (sink, params) => {
    const { keys, offset } = params;
    const wanted = new Set(Array.isArray(keys) ? keys.map((key) => String(key).replaceAll('-', '')) : []);
    return sink
      .rows('records')
      .filter(isOf(params))
      .filter((row) => Number(row['log_offset']) < Number(offset) && isReport(row))
      .filter((row) => wanted.has(String(row['record_key'])))
      .map(({ record_key, payload_digest, field_digests }) => ({
        key: record_key,
        payload_digest,
        field_digests,
      }));
  },
);
await learn(
  (select) => selectAcceptedTo(select, 'reports', 1, 0),
  // Nobody has accepted a flood.
  () => [{ accepted: -1 }],
);
const isCounted = ({ log_offset, replay_of }: Row, { from, to }: SelectParams): boolean =>
  Number(log_offset) >= Number(from) && Number(log_offset) < Number(to) && replay_of === '';
for (const table of ['records', 'takedown_records'] as const) {
  await learn(
    (select) => selectDeadLettersBefore(select, table, BEFORE, -1, 1),
    (sink, params) => {
      const rows = sink
        .rows(table)
        .filter(isOf(params))
        .filter((row) => isCounted(row, params));
      const good = offsetsOf(rows.filter(({ outcome }) => outcome !== 'DEAD_LETTER'));
      return [{ behind: Math.max(0, ...good.map((offset) => offset + 1)) }];
    },
    (sink, params) => {
      const rows = sink
        .rows(table)
        .filter(isOf(params))
        .filter((row) => isCounted(row, params));
      const dead = offsetsOf(rows.filter(({ outcome }) => outcome === 'DEAD_LETTER'));
      return [
        {
          in_a_row: dead.filter((offset) => offset >= Number(params['behind'])).length,
          offsets: dead
            .filter((offset) => offset + Number(params['window']) >= Number(params['to']))
            .map(String),
        },
      ];
    },
  );
}
await learn(
  (select) => selectReportCounts(select),
  (sink) => [{ rows: sink.rows('records').length }],
  (sink) => {
    const reports = sink.rows('records').filter(isReport);
    return [{ reports: reports.length, keys: new Set(reports.map((row) => row['record_key'])).size }];
  },
);
await learnTakedown(learn);
for (const view of [...countedViews('records'), ...countedViews('takedown_records')]) {
  const { groupsOf, of } = VIEWS.find(({ name }) => name === view)!;
  await learn(
    (select) => selectViewCounts(select, view),
    (sink) => {
      const parts = new Map<string, number>();
      for (const [group, n] of sink.totals.get(view)!)
        parts.set(partOf(group), (parts.get(partOf(group)) ?? 0) + n);
      return [...parts].map(([part, n]) => ({ part, n }));
    },
  );
  await learn(
    (select) => selectCountable(select, view, { epoch: 1, committed: [] }),
    (sink, { committed }) => {
      const parts = new Map<string, { least: number; most: number }>();
      for (const row of sink.rows(of)) {
        const before = Array.isArray(committed) ? Number(committed[Number(row['log_partition'])]) : NaN;
        for (const part of groupsOf(row).map(partOf)) {
          const { least, most } = parts.get(part) ?? { least: 0, most: 0 };
          const settled = Number(row['log_offset']) < before ? 1 : 0;
          parts.set(part, { least: least + settled, most: most + 1 });
        }
      }
      return [...parts].map(([part, counted]) => ({ part, ...counted }));
    },
  );

  /** World, outcome where the view has it, and day. */
  function partOf(group: string): string {
    const [environment, time, outcome] = JSON.parse(group) as readonly string[];
    const day = time!.slice(0, 10);
    return view === 'record_totals' ? `${environment} ${outcome} ${day}` : `${environment} ${day}`;
  }
}

function isOf({ epoch, partition }: SelectParams): (row: Row) => boolean {
  return (row) => row['log_epoch'] === epoch && row['log_partition'] === partition;
}

function isBetween({ from, to }: SelectParams): (row: Row) => boolean {
  return (row) => Number(row['log_offset']) >= Number(from) && Number(row['log_offset']) < Number(to);
}

function isReport(row: Row): boolean {
  return row['outcome'] === 'REPORT';
}

function offsetsOf(rows: readonly Row[]): number[] {
  return rows.map((row) => Number(row['log_offset']));
}
