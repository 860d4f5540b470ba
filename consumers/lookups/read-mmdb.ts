import { Reader, type Response } from 'mmdb-lib';
import { isIpv4 } from '../../schemas/ip-address.js';
import { IpRanges, lastOf } from './ip-ranges.js';

/** The content of one MaxMind DB, as far as it is asked for. */
export interface MmdbContent {
  readonly ranges: IpRanges;
  /** What it says it is, such as `GeoLite2-Country`. */
  readonly databaseType: string;
  /** When it was built, in milliseconds since 1970. */
  readonly builtAtMs: number;
}

/**
 * Reads a MaxMind DB whole, so that damage is found now and not at some later address.
 * `valueOf` takes a decoded record and gives a value from 1 up, or 0 when the record has none.
 * Throws an error that names `path` when the database is damaged, or when no record has a value:
 * then it is another kind of database.
 */
export function readMmdb(file: Buffer, path: string, valueOf: (record: unknown) => number): MmdbContent {
  try {
    const reader = new Reader<Response>(file);
    const { databaseType, buildEpoch } = reader.metadata;
    const builtAtMs = buildEpoch.getTime();
    if (typeof databaseType !== 'string' || !Number.isFinite(builtAtMs))
      throw new Error('metadata is incomplete');
    return { ranges: new TreeWalk(file, reader, valueOf).ranges(), databaseType, builtAtMs };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown';
    throw new Error(`The lookup file ${path} cannot be used: ${reason}`, { cause });
  }
}

/** A node is met once, or a few times where networks share what is below them; damage could make it millions. */
const MAX_VISITS_PER_NODE = 8;
/** Where IPv4 hangs in an IPv6 tree. */
const IPV4_ROOT = [0, 0, 0, 0];
/** 2000::/3: all that IANA gives out. */
const GLOBAL_UNICAST = [0x20000000, 0, 0, 0];

/** One pass over the search tree; leaves come in ascending order of their networks. */
class TreeWalk {
  readonly #ranges = new IpRanges();
  readonly #values = new Map<number, number>();
  readonly #nodeCount: number;
  readonly #recordBits: number;
  readonly #v4Start: number;
  #visited = 0;

  constructor(
    readonly file: Buffer,
    readonly reader: Reader<Response>,
    readonly valueOf: (record: unknown) => number,
  ) {
    const { nodeCount, recordSize, searchTreeSize, ipVersion } = reader.metadata;
    if (!(searchTreeSize < file.length) || (ipVersion !== 4 && ipVersion !== 6))
      throw new Error('metadata is wrong');
    this.#nodeCount = nodeCount;
    this.#recordBits = recordSize;
    this.#v4Start = ipVersion === 4 ? 0 : this.#descend(IPV4_ROOT, 96);
  }

  ranges(): IpRanges {
    this.#walk(this.#v4Start, 96, new Uint32Array([0, 0, 0xffff, 0]));
    if (this.reader.metadata.ipVersion === 6) {
      this.#walk(this.#descend(GLOBAL_UNICAST, 3), 3, new Uint32Array(GLOBAL_UNICAST));
    }
    if (![...this.#values.values()].some((value) => value !== 0))
      throw new Error('no record has what is asked of it');
    return this.#ranges.seal();
  }

  /** `node` is reached after the first `depth` of 128 bits, which stand in `words`. */
  #walk(node: number, depth: number, words: Uint32Array): void {
    if (node === this.#nodeCount) return;
    if (node > this.#nodeCount) {
      const value = this.#valueAt(node, words);
      if (value > 0) this.#ranges.add(words, lastOf(words, depth), value);
      return;
    }
    if (depth === 128 || ++this.#visited > MAX_VISITS_PER_NODE * this.#nodeCount) {
      throw new Error('the search tree runs in circles');
    }
    const word = depth >>> 5;
    const bit = 1 << (31 - (depth & 31));
    this.#walkChild(this.#child(node, 0), depth + 1, words);
    words[word] = (words[word] ?? 0) | bit;
    this.#walkChild(this.#child(node, 1), depth + 1, words);
    words[word] = (words[word] ?? 0) & ~bit;
  }

  /** IPv4 may hang below 2001::/32 (Teredo) and 2002::/16 (6to4) once more: it is walked once, from its own start. */
  #walkChild(node: number, depth: number, words: Uint32Array): void {
    const isAlias = node === this.#v4Start && node < this.#nodeCount && this.reader.metadata.ipVersion === 6;
    if (!isAlias) this.#walk(node, depth, words);
  }

  #valueAt(pointer: number, words: Uint32Array): number {
    let value = this.#values.get(pointer);
    if (value === undefined) {
      value = this.valueOf(this.reader.get(textOf(words)));
      this.#values.set(pointer, value);
    }
    return value;
  }

  /** The node at the first `levels` bits of `words`, or the leaf above it. */
  #descend(words: readonly number[], levels: number): number {
    let node = 0;
    for (let i = 0; i < levels && node < this.#nodeCount; i++) {
      node = this.#child(node, ((words[i >>> 5] ?? 0) >>> (31 - (i & 31))) & 1);
    }
    return node;
  }

  /** A record of a node: 24, 28 or 32 bits, as the MaxMind DB format 2.0 lays them out. */
  #child(node: number, side: number): number {
    const bytes = this.#recordBits / 4;
    const at = node * bytes;
    if (this.#recordBits === 24) return this.file.readUIntBE(at + side * 3, 3);
    if (this.#recordBits === 32) return this.file.readUInt32BE(at + side * 4);
    const middle = this.file.readUInt8(at + 3);
    return side === 0
      ? ((middle >>> 4) << 24) | this.file.readUIntBE(at, 3)
      : ((middle & 15) << 24) | this.file.readUIntBE(at + 4, 3);
  }
}

function textOf(words: Uint32Array): string {
  if (isIpv4(words)) {
    const quad = words[3] ?? 0;
    return `${quad >>> 24}.${(quad >>> 16) & 255}.${(quad >>> 8) & 255}.${quad & 255}`;
  }
  return Array.from(words, (word) => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`).join(
    ':',
  );
}
