// Stands in for the store where deduplication asks it: answers from a list of landed rows.
import type { Judged } from '../../consumers/deduplicate.js';
import type { Select, SelectParams } from '../../store/queries/select.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Rows of partition 0 of epoch 1. */
export class LandedRows {
  readonly rows: Judged[] = [];
  /** How many keys were asked about in all. */
  keysAsked = 0;

  /** Answers the two questions of deduplication, and throws for every other. */
  readonly select: Select = (_sql, params = {}) => {
    if (params['epoch'] !== 1 || params['partition'] !== 0) throw new Error('asked about another partition');
    return Promise.resolve('keys' in params ? this.#digests(params) : this.#packedKeys(params));
  };

  #digests({ keys, offset }: SelectParams): Readonly<Record<string, unknown>>[] {
    if (!Array.isArray(keys) || typeof offset !== 'number') throw new Error('asked without keys and offset');
    this.keysAsked += keys.length;
    const wanted = new Set(keys.map((key) => String(key).replaceAll('-', '')));
    return this.#reports((at) => at < offset)
      .filter(({ recordKey }) => wanted.has(hex(recordKey)))
      .map(({ recordKey, payloadDigest, fieldDigests }) => ({
        key: hex(recordKey),
        payload_digest: hex(payloadDigest),
        field_digests: hex(fieldDigests),
      }));
  }

  #packedKeys({ from, to }: SelectParams): Readonly<Record<string, unknown>>[] {
    if (typeof from !== 'number' || typeof to !== 'number') throw new Error('asked without a range');
    const reports = this.#reports((offset) => offset >= from && offset < to);
    const packed = reports.flatMap(({ recordKey, payloadDigest }) => [recordKey, payloadDigest]);
    return [{ packed: Buffer.concat(packed).toString('base64') }];
  }

  #reports(isWanted: (offset: number) => boolean) {
    return this.rows.flatMap((row) => (row.outcome === 'REPORT' && isWanted(row.offset) ? [row.record] : []));
  }
}
