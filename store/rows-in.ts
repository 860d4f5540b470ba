// How many rows the bytes of a block hold: asked before they go to the engine, which takes whatever it finds.
import type { Block } from './store.js';

const NEW_LINE = 10;

export function rowsIn({ format, rows }: Pick<Block, 'format' | 'rows'>): number {
  return format === 'Native' ? rowsOfNative(rows) : linesIn(rows);
}

function linesIn(lines: Uint8Array): number {
  let rows = 0;
  for (let at = 0; at < lines.length; rows += 1) {
    const end = lines.indexOf(NEW_LINE, at);
    at = end < 0 ? lines.length : end + 1;
  }
  return rows;
}

/** Native begins with the number of columns and the number of rows, seven bits in a byte. */
function rowsOfNative(block: Uint8Array): number {
  let value = 0;
  let factor = 1;
  let numbers = 0;
  for (const byte of block) {
    value += (byte & 127) * factor;
    factor *= 128;
    if (byte < 128) {
      numbers += 1;
      if (numbers === 2) return value;
      value = 0;
      factor = 1;
    }
  }
  return 0;
}
