/** What a watch has to know of that which it watches. */
export interface WatchKind<T> {
  readonly method: 'watchNotices' | 'watchOutcomes';
  /** The encoded request for everything after the cursor. */
  readonly request: (cursor: string) => Uint8Array;
  /** May throw on bytes that are no message. */
  readonly read: (bytes: Uint8Array) => { readonly values: readonly T[]; readonly cursor: string };
  /** Values of one key are told one after another. */
  readonly keyOf: (value: T) => string;
  /** What the value is called where its handler failed. */
  readonly idOf: (value: T) => string;
}
