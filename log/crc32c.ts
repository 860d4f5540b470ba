// CRC-32C (Castagnoli; RFC 3720, appendix B.4), the checksum of Kafka's record batches. Node has only CRC-32.
// Sixteen bytes at a time: each goes through a table that carries it past the bytes behind it ("slicing by 16").

/** Bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const T0 = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});
/** The table of bytes with one more byte behind them than those of `table`. */
const further = (table: Int32Array): Int32Array => table.map((crc) => (crc >>> 8) ^ (T0[crc & 255] ?? 0));
const T1 = further(T0);
const T2 = further(T1);
const T3 = further(T2);
const T4 = further(T3);
const T5 = further(T4);
const T6 = further(T5);
const T7 = further(T6);
const T8 = further(T7);
const T9 = further(T8);
const T10 = further(T9);
const T11 = further(T10);
const T12 = further(T11);
const T13 = further(T12);
const T14 = further(T13);
const T15 = further(T14);

/** The checksum of `bytes` from `start` up to `end`, unsigned. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc =
      (T15[a & 255] ?? 0) ^
      (T14[(a >>> 8) & 255] ?? 0) ^
      (T13[(a >>> 16) & 255] ?? 0) ^
      (T12[a >>> 24] ?? 0) ^
      (T11[b & 255] ?? 0) ^
      (T10[(b >>> 8) & 255] ?? 0) ^
      (T9[(b >>> 16) & 255] ?? 0) ^
      (T8[b >>> 24] ?? 0) ^
      (T7[c & 255] ?? 0) ^
      (T6[(c >>> 8) & 255] ?? 0) ^
      (T5[(c >>> 16) & 255] ?? 0) ^
      (T4[c >>> 24] ?? 0) ^
      (T3[d & 255] ?? 0) ^
      (T2[(d >>> 8) & 255] ?? 0) ^
      (T1[(d >>> 16) & 255] ?? 0) ^
      (T0[d >>> 24] ?? 0);
  }
  for (; at < end; at += 1) crc = (T0[(crc ^ view.getUint8(at)) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
