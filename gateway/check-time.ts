// The rules of instants.
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { PrecisionSchema, type EventTime } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { enumRule } from './check-value.js';
import { fault, pathOf, type Findings } from './violation.js';

/** How far ahead of the gateway's clock an instant may be. */
export const MAX_AHEAD_MS = 48 * 3_600_000;

/** The last second a google.protobuf.Timestamp can name: 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799n;

const noInstant = fault(Rule.REQUIRED, 'Must be given.');
const badNanos = fault(Rule.RANGE, 'nanos from 0 to 999,999,999.');
const badSeconds = fault(
  Rule.RANGE,
  'From 1970 on, and not more than 48 hours ahead of the time of receipt.',
);
const tooFarAhead = fault(Rule.RANGE, badSeconds.message, true);

const precision = enumRule(PrecisionSchema);

/** Where given: an instant from 1970 to `latestMs`, and a known precision. */
export function checkTime(
  found: Findings,
  parent: string,
  name: string,
  time: EventTime | undefined,
  latestMs: number,
): void {
  if (time === undefined) return;
  if (!isGoodInstant(time.instant, latestMs)) {
    checkInstant(found, parent, `${name}.instant`, time.instant, latestMs);
  }
  if (precision.known[time.precision] !== 1) found.add(parent, `${name}.precision`, precision.unknown);
  if (time.$unknown !== undefined) found.addUnknown(pathOf(parent, name), time.$unknown);
}

/** Whether it is given and right. */
export function checkInstant(
  found: Findings,
  parent: string,
  name: string,
  instant: Timestamp | undefined,
  latestMs: number,
): boolean {
  if (isGoodInstant(instant, latestMs)) return true;
  if (instant === undefined) {
    found.add(parent, name, noInstant);
    return false;
  }
  const { seconds, nanos } = instant;
  if (nanos < 0 || nanos > 999_999_999) found.add(parent, name, badNanos);
  else if (seconds < 0n || seconds > LAST_SECOND) found.add(parent, name, badSeconds);
  else if (instantMs(instant) > latestMs) found.add(parent, name, tooFarAhead);
  if (instant.$unknown !== undefined) found.addUnknown(pathOf(parent, name), instant.$unknown);
  return false;
}

/** Milliseconds since 1970, rounded down: what an instant is compared by. */
export function instantMs(instant: Timestamp): number {
  return Number(instant.seconds) * 1000 + Math.floor(instant.nanos / 1_000_000);
}

function isGoodInstant(instant: Timestamp | undefined, latestMs: number): boolean {
  if (instant?.$unknown !== undefined || instant === undefined) return false;
  const { nanos } = instant;
  const ms = instantMs(instant);
  return ms >= 0 && ms <= latestMs && nanos >= 0 && nanos <= 999_999_999;
}
