import type { Pending } from './pending.js';

// StreamReportsRequest: batch_sequence is field 1 (a varint), reports are field 2 (length-delimited).
const SEQUENCE_TAG = 0x08;
const REPORT_TAG = 0x12;

/** A StreamReportsRequest out of reports that are encoded already: their bytes are copied, never made again. */
export function assembleBatch(sequence: number, reports: readonly Pending[]): Uint8Array {
  let length = 1 + varintLength(sequence);
  for (const { bytes } of reports) length += 1 + varintLength(bytes.length) + bytes.length;
  const batch = new Uint8Array(length);
  batch[0] = SEQUENCE_TAG;
  let end = putVarint(batch, 1, sequence);
  for (const { bytes } of reports) {
    batch[end] = REPORT_TAG;
    end = putVarint(batch, end + 1, bytes.length);
    batch.set(bytes, end);
    end += bytes.length;
  }
  return batch;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

function putVarint(target: Uint8Array, start: number, value: number): number {
  let end = start;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) target[end++] = (rest % 0x80) | 0x80;
  target[end++] = rest;
  return end;
}
