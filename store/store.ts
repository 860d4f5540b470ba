// The table store that analysts ask. Knows SQL, tokens and blocks of rows; never what a row means.

/** One value of a bound query parameter. */
export type QueryParam = string | number | boolean | readonly string[] | readonly number[];

/** One INSERT: all rows in one block, known by one token. */
export interface Block {
  readonly table: string;
  readonly columns: readonly string[];
  /**
   * How the rows are written, by ClickHouse's names. JSONCompactEachRow, also when left out: one JSON array per line,
   * UTF-8. Native: one block, column by column, at a quarter of the engine's price; of types that the table's can be cast
   * from.
   */
  readonly format?: 'JSONCompactEachRow' | 'Native';
  readonly rows: Uint8Array;
  readonly rowCount: number;
  /** Never used for other rows. The same block under the same token lands once, however often it is inserted. */
  readonly token: string;
}

export interface Store {
  /** Runs one statement that returns nothing (DDL). */
  command(sql: string): Promise<void>;
  /** Runs one SELECT with bound parameters (`{name:Type}`) and returns its rows as objects; 64-bit integers come as strings. */
  select(sql: string, params?: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]>;
  /**
   * Lands the block, into the table and all views of it. Resolves when it is durable and visible.
   * Rejects with `StoreFault`: with `retry: 'same-block'` the block may or may not have landed, and
   * the only right answer is to insert the very same block again until it resolves.
   */
  insert(block: Block): Promise<void>;
  /** Waits for what is running and releases everything. Safe twice. */
  close(): Promise<void>;
}

/** A row of an answer: values as JSON gives them. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * A fault of the store. `same-block`: the outcome is unknown or the trouble passes; insert the very
 * same block again. `never`: the same statement fails the same way. The message never holds row content.
 */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';

  constructor(
    readonly retry: 'same-block' | 'never',
    message: string,
    /** The engine's own error number, where it gave one. */
    readonly engineCode?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
