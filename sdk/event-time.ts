import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Precision, type EventTimeSchema } from '@lachan/proto/report';

/** The widest instants a Timestamp holds: the years 1 to 9999. */
const MIN_MS = -62_135_596_800_000;
const MAX_MS = 253_402_300_799_999;

/**
 * An instant and how exactly it is known: `at(new Date(), Precision.SECOND)`. `when` is a Date or
 * milliseconds since 1970. A date that is none gives a time without instant, which the gateway
 * refuses by the field's name.
 */
export function at(
  when: Date | number,
  precision: Precision = Precision.MS,
): MessageInitShape<typeof EventTimeSchema> {
  const ms = Math.trunc(Number(when));
  return ms >= MIN_MS && ms <= MAX_MS ? { instant: timestampFromMs(ms), precision } : { precision };
}
