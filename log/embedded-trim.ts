// Deleting old chunks of the embedded log, a bounded number in each transaction.
import { ChunkCursor } from './chunk.js';
import { occupiedBytes, writeDurably, type Change, type Store, type StoreView } from './embedded-store.js';
import { LogFault } from './log.js';

const MAX_CHUNKS = 256;
/** A chunk is read to learn its size: this bounds how long the event loop is held up. */
const MAX_READ_BYTES = 4_194_304;

/** Deletes the chunks of `topic` whose records all stand before `beforeOffset`. */
export async function trim(store: Store, topic: string, beforeOffset: number): Promise<void> {
  let removed = false;
  for (;;) {
    const change = store.read((view) => nextRemoval(view, topic, beforeOffset));
    if (change === undefined) return;
    const done = change.remove.length === 0;
    if (done && !removed) return;
    // The last step removes nothing: LMDB gives freed pages not to the next transaction but to the one
    // after it, so on a full disk an append would find no room yet.
    const [held] = await writeDurably(store, [change]);
    if (held !== true) throw new LogFault('UNAVAILABLE', `Somebody else has just trimmed ${topic}.`);
    if (done) return;
    removed = true;
  }
}

function nextRemoval(view: StoreView, topic: string, beforeOffset: number): Change | undefined {
  const key = ['head', topic] as const;
  const head = view.mark(key);
  if (head === undefined) return undefined;
  const remove: number[] = [];
  let first = head.at;
  let bytes = 0;
  for (const chunk of view.chunks(topic)) {
    const { end } = new ChunkCursor(chunk);
    if (end > beforeOffset || remove.length === MAX_CHUNKS || bytes > MAX_READ_BYTES) break;
    remove.push(chunk.first);
    bytes += occupiedBytes(chunk);
    first = end;
  }
  const mark = { at: first, bytes: head.bytes + bytes, note: '' };
  return { guard: { key, at: head.at }, topic, put: [], remove, marks: [{ key, mark }] };
}
