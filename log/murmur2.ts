// The hash by which Kafka's own clients choose a partition, so that every client sends a key to the same one.

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** Murmur2 with 32 bits, signed, as `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let h = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let k =
      byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const left = length - at;
  if (left > 2) h ^= byteAt(bytes, at + 2) << 16;
  if (left > 1) h ^= byteAt(bytes, at + 1) << 8;
  if (left > 0) h = Math.imul(h ^ byteAt(bytes, at), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}

const byteAt = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

/** Where a record with this key belongs. */
export const partitionOf = (key: Uint8Array, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions;
