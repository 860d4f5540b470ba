// A table store in memory with what outlives a process, and the view that one process has of it. As in the engine, a
// block lands in pieces: one for every partition of its table, one for every view; each once under a token.
import type { SelectParams } from '../../store/queries/select.js';
import { StoreFault, type Block, type Row, type Store } from '../../store/store.js';
import { rowsOf } from './block-rows.js';
import type { Process } from './process.js';
import { answer } from './sink-queries.js';
import { VIEWS, type Totals } from './sink-views.js';
import type { VirtualClock } from './virtual-clock.js';

/** How it is broken, for tests of the simulation itself. */
export type SinkFlaw =
  | 'forgets tokens'
  | 'knows one token for all partitions of a table'
  | 'forgets tokens of views'
  | 'remembers the latest token only';

interface Piece {
  readonly name: string;
  /** Nothing, when the token has been there before. */
  readonly land: () => void;
}

export class DurableSink {
  readonly tables = new Map<string, Row[]>();
  readonly totals = new Map<string, Totals>(VIEWS.map(({ name }) => [name, new Map<string, number>()]));
  /** Inserts whose caller was told of a fault, and which go on. */
  unseen = 0;
  readonly #tokens = new Set<string>();

  constructor(
    readonly clock: VirtualClock,
    readonly options: {
      readonly viewsFirst: boolean;
      /** When a process begins an insert, before anything can happen to it. */
      readonly onBegin: (block: Block, process: Process) => void;
      readonly onInsert: (block: Block, rows: readonly Row[]) => void;
      readonly flaw?: SinkFlaw | undefined;
    },
  ) {}

  rows(table: string): readonly Row[] {
    return this.tables.get(table) ?? [];
  }

  piecesOf(block: Block): readonly Piece[] {
    const rows = rowsOf(block);
    this.options.onInsert(block, rows);
    const months = new Map<string, Row[]>();
    for (const row of rows) {
      const month = block.table === 'records' || block.table === 'takedown_records' ? monthOf(row) : '';
      months.set(month, [...(months.get(month) ?? []), row]);
    }
    const ofTable = [...months].map(([month, some]) =>
      this.#piece(block, `${block.table} ${month}`, () => {
        this.tables.set(block.table, [...this.rows(block.table), ...some]);
      }),
    );
    const ofViews = VIEWS.filter(({ of }) => of === block.table).map(({ name, groupsOf }) =>
      this.#piece(block, name, () => {
        const totals = this.totals.get(name)!;
        for (const row of rows)
          for (const group of groupsOf(row)) totals.set(group, (totals.get(group) ?? 0) + 1);
      }),
    );
    return this.options.viewsFirst ? [...ofViews, ...ofTable] : [...ofTable, ...ofViews];
  }

  #piece({ token, table }: Block, name: string, land: () => void): Piece {
    const { flaw } = this.options;
    const isView = this.totals.has(name);
    const known = `${flaw === 'knows one token for all partitions of a table' && !isView ? table : name} ${token}`;
    return {
      name,
      land: () => {
        const isKnown = this.#tokens.has(known);
        if (flaw === 'remembers the latest token only')
          for (const other of this.#tokens) if (other.startsWith(`${name} `)) this.#tokens.delete(other);
        this.#tokens.add(known);
        if (!isKnown || flaw === 'forgets tokens' || (isView && flaw === 'forgets tokens of views')) land();
      },
    };
  }
}

function monthOf(row: Row): string {
  return new Date(Number(row['received_at'])).toISOString().slice(0, 7);
}

const FAULTS = {
  passing: () => new StoreFault('same-block', 'The store of the simulation does not answer.'),
  lasting: () => new StoreFault('never', 'The store of the simulation refuses.'),
};

/** Longer than the first wait before a repetition. */
const UNSEEN_FOR_MS = 150;

export class FakeStore implements Store {
  constructor(
    private readonly durable: DurableSink,
    private readonly process: Process,
  ) {}

  command(): Promise<never> {
    throw new Error('consumers change no tables');
  }

  async select(sql: string, params: SelectParams = {}): Promise<readonly Row[]> {
    await this.process.pass('select', FAULTS);
    const rows = answer(this.durable, sql, params);
    await this.process.pass('select answered', FAULTS);
    return rows;
  }

  async insert(block: Block): Promise<void> {
    this.durable.options.onBegin(block, this.process);
    let how = await this.process.pass(`insert ${block.table}`, FAULTS);
    const pieces = [...this.durable.piecesOf(block)];
    while (how === 'goes on' && pieces.length > 0) {
      const piece = pieces.shift()!;
      piece.land();
      how = await this.process.pass(`inserted into ${piece.name}`, FAULTS);
    }
    if (how === 'goes on') return;
    void this.#goOnUnseen(pieces);
    throw FAULTS.passing();
  }

  async #goOnUnseen(pieces: readonly Piece[]): Promise<void> {
    this.durable.unseen += 1;
    await this.durable.clock.pause(UNSEEN_FOR_MS);
    for (const piece of pieces) piece.land();
    this.durable.unseen -= 1;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
