import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { EventTimeSchema, Precision, type EventTime } from '@lachan/proto/report';
import { InvalidArgumentError } from 'commander';
import { readInstant } from '../../takedown/instants.js';

/** An instant with its offset from UTC, as exact as its text. Throws commander's `InvalidArgumentError` for all else. */
export function readTime(text: string): EventTime {
  const time = readInstant(text);
  if (time === undefined)
    throw new InvalidArgumentError('must be an instant with its zone, as in 2026-11-24T08:00+07:00');
  return create(EventTimeSchema, {
    instant: timestampFromMs(time.instantMs),
    precision: Precision[time.precision],
  });
}
