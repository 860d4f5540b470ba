// How the embedded log keeps the few numbers it must remember: a mark, with its own checksum.
//
//   mark  crc-32 u32 | at f64 | bytes f64 | note     (little endian)
import { crc32 } from 'node:zlib';

import { LogFault } from './log.js';

const HEADER_BYTES = 20;

/** A place in the log (or a count), what had gone by in bytes up to there, and a note in ASCII. */
export interface Mark {
  readonly at: number;
  readonly bytes: number;
  readonly note: string;
}

export function encodeMark({ at, bytes, note }: Mark): Buffer {
  const encoded = Buffer.allocUnsafe(HEADER_BYTES + note.length);
  encoded.writeDoubleLE(at, 4);
  encoded.writeDoubleLE(bytes, 12);
  encoded.write(note, HEADER_BYTES, 'latin1');
  encoded.writeUInt32LE(crc32(encoded.subarray(4)), 0);
  return encoded;
}

/** Throws `LogFault` (DAMAGED) when `encoded` is not what `encodeMark` made. */
export function decodeMark(encoded: Buffer): Mark {
  if (encoded.length < HEADER_BYTES || crc32(encoded.subarray(4)) !== encoded.readUInt32LE(0))
    throw new LogFault('DAMAGED', 'A mark of the log is not what was written.');
  return {
    at: encoded.readDoubleLE(4),
    bytes: encoded.readDoubleLE(12),
    note: encoded.toString('latin1', HEADER_BYTES),
  };
}
