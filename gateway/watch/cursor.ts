// Where a watcher has come to, as text that only we read: a position, bound to whose it is and which log it is of.
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Caller } from '../authenticate.js';
import type { Position, TopicLanes } from './lanes.js';

export type WatchKind = 'notices' | 'outcomes';

/** What a cursor is bound to. */
export interface CursorOwner {
  readonly kind: WatchKind;
  readonly caller: Caller;
}

/** MALFORMED: not a cursor, or one of another watch. OTHER_LOG: of a log that is no longer read. */
export type CursorFault = 'MALFORMED' | 'OTHER_LOG';

const VERSION = 1;
const CHECK_BYTES = 6;
/** Longer than that of any log with thousands of partitions. */
const MAX_TEXT = 65_536;

/** Base64url of: version, for each topic its epoch, number of partitions and offsets (varints), and a check. */
export function writeCursor(owner: CursorOwner, topics: readonly TopicLanes[], position: Position): string {
  const bytes: number[] = [VERSION];
  let lane = 0;
  for (const { epoch, firstOffsets } of topics) {
    writeVarint(bytes, epoch);
    writeVarint(bytes, firstOffsets.length);
    for (let i = 0; i < firstOffsets.length; i += 1) writeVarint(bytes, position[lane++] ?? 0);
  }
  const body = Buffer.from(bytes);
  return Buffer.concat([body, checkOf(owner, body)]).toString('base64url');
}

export function readCursor(
  owner: CursorOwner,
  topics: readonly TopicLanes[],
  text: string,
): Position | CursorFault {
  if (text.length > MAX_TEXT || !/^[A-Za-z0-9_-]+$/.test(text)) return 'MALFORMED';
  const bytes = Buffer.from(text, 'base64url');
  const body = bytes.subarray(0, -CHECK_BYTES);
  if (body[0] !== VERSION || !checkOf(owner, body).equals(bytes.subarray(-CHECK_BYTES))) return 'MALFORMED';
  // What carries the check was written here: it can only be of another log.
  const numbers = readVarints(body.subarray(1));
  const position: number[] = [];
  let at = 0;
  for (const { epoch, firstOffsets } of topics) {
    if (numbers[at++] !== epoch || numbers[at++] !== firstOffsets.length) return 'OTHER_LOG';
    for (let i = 0; i < firstOffsets.length; i += 1) position.push(numbers[at++] ?? 0);
  }
  return at === numbers.length ? position : 'OTHER_LOG';
}

/** Against mistakes, not against forgery: a cursor says from where on to tell the caller what is the caller's. */
function checkOf({ kind, caller }: CursorOwner, body: Uint8Array): Buffer {
  const owner = JSON.stringify([kind, caller.environment, caller.providerId]);
  return hash('sha256', Buffer.concat([Buffer.from(owner), body]), 'buffer').subarray(0, CHECK_BYTES);
}

/** LEB128 of a whole number up to 2^53. */
function writeVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

function readVarints(bytes: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    if (byte > 0x7f) {
      scale *= 0x80;
      continue;
    }
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  return numbers;
}
