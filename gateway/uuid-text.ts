import { Buffer } from 'node:buffer';

export const UUID_TEXT_BYTES = 36;
const HYPHEN = 0x2d;
/** Which bytes a hyphen stands before. */
const AFTER_HYPHEN = Uint8Array.from({ length: 16 }, (_, i) => ([4, 6, 8, 10].includes(i) ? 1 : 0));
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

/** 16 bytes in the usual form of a UUID (RFC 9562). */
export function uuidText(bytes: Uint8Array): string {
  const text = Buffer.alloc(UUID_TEXT_BYTES);
  writeUuidText(bytes, text, 0);
  return text.toString('latin1');
}

/** Writes that text, ASCII, into `target` from `start` on, and returns its end. */
export function writeUuidText(bytes: Uint8Array, target: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < 16; i += 1) {
    const byte = bytes[i] ?? 0;
    if (AFTER_HYPHEN[i] === 1) target[at++] = HYPHEN;
    target[at++] = DIGITS[byte >>> 4] ?? 0;
    target[at++] = DIGITS[byte & 15] ?? 0;
  }
  return at;
}
