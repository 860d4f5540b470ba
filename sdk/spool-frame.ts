// Reports as bytes of a file, and back. Pure: knows no file.
import { crc32 } from 'node:zlib';

/** One report as it is kept. */
export interface KeptReport {
  /** Wall clock at report(), in milliseconds since 1970. */
  readonly atMs: number;
  readonly reportId: string;
  /** The encoded Report. */
  readonly bytes: Uint8Array;
}

/** A sound frame: where it starts and ends. Bytes between the place asked for and `start` are damaged. */
export interface FoundFrame {
  readonly report: KeptReport;
  readonly start: number;
  readonly end: number;
}

// Head: mark, lengths of id and report, time, check of the head, check of what follows. Numbers are little-endian.
const MAGIC = Buffer.from('LSR1');
const HEAD = 28;
const HEAD_CHECK = 20;
const BODY_CHECK = 24;

/** Bytes of the frame of a report. */
export function frameLength(report: KeptReport): number {
  return HEAD + Buffer.byteLength(report.reportId) + report.bytes.length;
}

/** Writes the frame at `start` and returns its end. `salt` is the file's own number, so that text of a report cannot pass for a frame. */
export function putFrame(target: Buffer, start: number, report: KeptReport, salt: number): number {
  const idStart = start + HEAD;
  const bytesStart = idStart + target.write(report.reportId, idStart);
  const end = bytesStart + report.bytes.length;
  target.set(report.bytes, bytesStart);
  target.set(MAGIC, start);
  target.writeUInt32LE(bytesStart - idStart, start + 4);
  target.writeUInt32LE(report.bytes.length, start + 8);
  target.writeDoubleLE(report.atMs, start + 12);
  target.writeUInt32LE(crc32(target.subarray(start, start + HEAD_CHECK), salt), start + HEAD_CHECK);
  target.writeUInt32LE(crc32(target.subarray(idStart, end), salt), start + BODY_CHECK);
  return end;
}

/** The first sound frame at `from` or behind; undefined when there is none. */
export function findFrame(bytes: Buffer, from: number, salt: number): FoundFrame | undefined {
  let start = bytes.indexOf(MAGIC, from);
  for (; start >= 0; start = bytes.indexOf(MAGIC, start + 1)) {
    const found = frameAt(bytes, start, salt);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The frame that starts at `start`, if there is a sound one. Its bytes are a copy. */
export function frameAt(bytes: Buffer, start: number, salt: number): FoundFrame | undefined {
  const idStart = start + HEAD;
  if (idStart > bytes.length || bytes.compare(MAGIC, 0, MAGIC.length, start, start + MAGIC.length) !== 0) {
    return undefined;
  }
  // The head is checked by itself: a wrong length costs nothing to find out.
  const headCheck = crc32(bytes.subarray(start, start + HEAD_CHECK), salt);
  if (headCheck !== bytes.readUInt32LE(start + HEAD_CHECK)) return undefined;
  const bytesStart = idStart + bytes.readUInt32LE(start + 4);
  const end = bytesStart + bytes.readUInt32LE(start + 8);
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(idStart, end), salt) !== bytes.readUInt32LE(start + BODY_CHECK)) return undefined;
  const report = {
    atMs: bytes.readDoubleLE(start + 12),
    reportId: bytes.toString('utf8', idStart, bytesStart),
    bytes: new Uint8Array(bytes.subarray(bytesStart, end)),
  };
  return { report, start, end };
}

export const MARK_LENGTH = 8;

/** "Everything before `end` has its receipt", with its check. */
export function answeredMark(end: number, salt: number): Buffer {
  const mark = Buffer.allocUnsafe(MARK_LENGTH);
  mark.writeUInt32LE(end);
  mark.writeUInt32LE(crc32(mark.subarray(0, 4), salt), 4);
  return mark;
}

/** The furthest of the sound marks; 0 when there is none. */
export function readAnswered(marks: Buffer, salt: number): number {
  let furthest = 0;
  for (let at = 0; at + MARK_LENGTH <= marks.length; at += MARK_LENGTH) {
    if (crc32(marks.subarray(at, at + 4), salt) !== marks.readUInt32LE(at + 4)) continue;
    furthest = Math.max(furthest, marks.readUInt32LE(at));
  }
  return furthest;
}
