// SipHash-2-4 as the paper defines it, in integers of 64 bits: slow, and the measure for the one in the gateway.

const MASK = (1n << 64n) - 1n;
const rotated = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & MASK;

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** 8 bytes, little-endian. */
export function sipHashReference(key: Uint8Array, message: Uint8Array): Buffer {
  const k0 = littleEndian(key.subarray(0, 8));
  const k1 = littleEndian(key.subarray(8, 16));
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      v0 = (v0 + v1) & MASK;
      v1 = rotated(v1, 13n) ^ v0;
      v0 = rotated(v0, 32n);
      v2 = (v2 + v3) & MASK;
      v3 = rotated(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK;
      v3 = rotated(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK;
      v1 = rotated(v1, 17n) ^ v2;
      v2 = rotated(v2, 32n);
    }
  };
  const compress = (word: bigint): void => {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  const whole = message.length - (message.length % 8);
  for (let at = 0; at < whole; at += 8) compress(littleEndian(message.subarray(at, at + 8)));
  compress(littleEndian(message.subarray(whole)) | (BigInt(message.length & 0xff) << 56n));
  v2 ^= 0xffn;
  rounds(4);
  const result = Buffer.alloc(8);
  result.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3);
  return result;
}
