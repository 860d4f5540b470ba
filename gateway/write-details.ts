// The parts of a report as they stand in the record of the log, in the order of its schema.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Decision, EventTime, Fingerprint, Item, SeverityAssessment } from '@lachan/proto/report';
import type { AvroWriter } from '../schemas/avro-writer.js';
import {
  ASSESSORS,
  CONTENT_TYPES,
  DECISION_ACCOUNTS,
  DECISION_GROUNDS,
  DECISION_MONETARIES,
  DECISION_PROVISIONS,
  DECISION_VISIBILITIES,
  FINGERPRINT_ALGORITHMS,
  FINGERPRINT_BASES,
  ITEM_ANNOTATIONS,
  PRECISIONS,
  SEVERITY_AXES,
} from '../schemas/vocabulary.js';

/** Writes a list. */
export function writeEach<Entry>(
  writer: AvroWriter,
  list: readonly Entry[],
  write: (writer: AvroWriter, entry: Entry) => void,
): void {
  if (list.length > 0) {
    writer.whole(list.length);
    for (const entry of list) write(writer, entry);
  }
  writer.endOfArray();
}

/** Writes the words for numbers of the contract. */
export function writeSymbols(writer: AvroWriter, list: readonly number[], symbols: readonly string[]): void {
  if (list.length > 0) {
    writer.whole(list.length);
    for (const number of list) writer.symbol(number, symbols);
  }
  writer.endOfArray();
}

export function writeString(writer: AvroWriter, text: string): void {
  writer.string(text);
}

/** Cut, never rounded: the last nanosecond of a day must not become the next day. */
export function writeInstant(writer: AvroWriter, { seconds, nanos }: Timestamp): void {
  writer.whole(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000));
}

export function writeTime(writer: AvroWriter, time: EventTime | undefined): void {
  if (time?.instant === undefined) return writer.isPresent(false);
  writer.isPresent(true);
  writeInstant(writer, time.instant);
  writer.symbol(Math.max(time.precision - 1, 0), PRECISIONS);
}

export function writeOptionalBoolean(writer: AvroWriter, value: boolean | undefined): void {
  writer.isPresent(value !== undefined);
  if (value !== undefined) writer.boolean(value);
}

export function writeSeverity(writer: AvroWriter, { axis, grade, assessedBy }: SeverityAssessment): void {
  writer.symbol(axis, SEVERITY_AXES);
  writer.string(grade);
  writer.symbol(assessedBy, ASSESSORS);
}

export function writeItem(writer: AvroWriter, item: Item): void {
  writeSymbols(writer, item.contentTypes, CONTENT_TYPES);
  writer.whole(Number(item.sizeBytes));
  writeTime(writer, item.uploadedAt);
  writeOptionalBoolean(writer, item.publiclyAvailable);
  writeOptionalBoolean(writer, item.viewedByProvider);
  writeSymbols(writer, item.annotations, ITEM_ANNOTATIONS);
  writeEach(writer, item.fingerprints, writeFingerprint);
}

/** By number in the contract. */
const HEXADECIMAL: readonly boolean[] = FINGERPRINT_ALGORITHMS.map((name) =>
  ['MD5', 'SHA1', 'SHA256', 'SHA512', 'PDQ'].includes(name),
);

function writeFingerprint(writer: AvroWriter, { algorithm, value, basis, quality }: Fingerprint): void {
  writer.symbol(algorithm, FINGERPRINT_ALGORITHMS);
  writer.string(HEXADECIMAL[algorithm] === true ? value.toLowerCase() : value);
  writer.symbol(basis, FINGERPRINT_BASES);
  writer.isPresent(quality !== undefined);
  if (quality !== undefined) writer.whole(quality);
}

export function writeDecision(writer: AvroWriter, decision: Decision | undefined): void {
  writer.isPresent(decision !== undefined);
  if (decision === undefined) return;
  writeSymbols(writer, decision.visibility, DECISION_VISIBILITIES);
  writer.symbol(decision.account, DECISION_ACCOUNTS);
  writer.symbol(decision.monetary, DECISION_MONETARIES);
  writer.symbol(decision.provision, DECISION_PROVISIONS);
  writer.symbol(decision.ground, DECISION_GROUNDS);
}
