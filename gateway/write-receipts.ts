// The receipts of a batch, written as the bytes of the answer while the batch is read: thousands of receipts would
// wait as objects until their reports are durable.
import { Buffer } from 'node:buffer';
import { toBinary } from '@bufbuild/protobuf';
import { TimestampSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Report } from '@lachan/proto/report';
import { ReceiptSchema, ReceiptStatus, type Receipt } from '@lachan/proto/report-service';
import { missingFields } from './missing-fields.js';
import { UUID_TEXT_BYTES, writeUuidText } from './uuid-text.js';
import { LENGTH_DELIMITED, VARINT } from './wire-reader.js';

const {
  index,
  reportId,
  authorityReportId,
  status,
  receivedAt,
  missingFields: missing,
} = ReceiptSchema.field;
const textTag = ({ number }: { readonly number: number }): number => (number << 3) | LENGTH_DELIMITED;
const INDEX = (index.number << 3) | VARINT;
const REPORT_ID = textTag(reportId);
const AUTHORITY_REPORT_ID = textTag(authorityReportId);
const STATUS = (status.number << 3) | VARINT;
const RECEIVED_AT = textTag(receivedAt);
const MISSING_FIELD = textTag(missing);

/** A guess: that of a report of which two fields are missed. */
const BYTES_PER_RECEIPT = 160;
/** A tag, and a length or number of at most 28 bits. */
const MOST_PREFIX_BYTES = 5;

/** Writes the receipts of one batch in their order, byte for byte as protobuf-es does. */
export class ReceiptWriter {
  #bytes: Buffer;
  #at = 0;
  readonly #tag: number;
  readonly #receivedAt: Uint8Array;

  /** `fieldNumber`: that of the receipts in the answer. */
  constructor(fieldNumber: number, receivedAtMs: number, receipts: number) {
    this.#tag = (fieldNumber << 3) | LENGTH_DELIMITED;
    this.#receivedAt = toBinary(TimestampSchema, timestampFromMs(receivedAtMs));
    this.#bytes = Buffer.allocUnsafe(receipts * BYTES_PER_RECEIPT);
  }

  /** A receipt that becomes true once the record is durable. `report` has passed validation. */
  accept(position: number, report: Report, authorityId: Uint8Array): void {
    const names = missingFields(report);
    const { reportId: id } = report;
    // All but the index and the id are shorter than 128 bytes, and so their lengths are one byte.
    let length = 1 + varintBytes(id.length) + id.length;
    length += position === 0 ? 0 : 1 + varintBytes(position);
    length += 2 + UUID_TEXT_BYTES + 2 + 2 + this.#receivedAt.length;
    for (const name of names) length += 2 + name.length;
    this.#begin(length);
    if (position !== 0) this.#putNumber(INDEX, position);
    this.#putText(REPORT_ID, id);
    this.#putNumber(AUTHORITY_REPORT_ID, UUID_TEXT_BYTES);
    this.#at = writeUuidText(authorityId, this.#bytes, this.#at);
    this.#putNumber(STATUS, ReceiptStatus.ACCEPTED);
    this.#putNumber(RECEIVED_AT, this.#receivedAt.length);
    this.#putBytes(this.#receivedAt);
    for (const name of names) this.#putText(MISSING_FIELD, name);
  }

  reject(receipt: Receipt): void {
    const bytes = toBinary(ReceiptSchema, receipt);
    this.#begin(bytes.length);
    this.#putBytes(bytes);
  }

  /** All of them, as they stand in the answer. */
  end(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** A receipt of `length` bytes follows. */
  #begin(length: number): void {
    const needed = this.#at + MOST_PREFIX_BYTES + length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * needed);
      larger.set(this.end());
      this.#bytes = larger;
    }
    this.#putNumber(this.#tag, length);
  }

  /** ASCII. */
  #putText(tag: number, text: string): void {
    this.#putNumber(tag, text.length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i);
    this.#at = at + text.length;
  }

  #putNumber(tag: number, number: number): void {
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = tag;
    let rest = number;
    for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
    bytes[at++] = rest;
    this.#at = at;
  }

  #putBytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

function varintBytes(number: number): number {
  let bytes = 1;
  for (let rest = number; rest > 127; rest >>>= 7) bytes += 1;
  return bytes;
}
