// Reads StreamReportsResponse as far as the generator needs it: decoding every receipt would cost the generator as
// much as the gateway pays for making them.

const ACCEPTED = 1;

/** One answer. `accepted[i]` is 1 when report i of the batch was accepted, else 0. */
export interface BatchAnswer {
  readonly batchSequence: number;
  readonly receipts: number;
  readonly credit: number;
  /** Undefined when the batch was taken. */
  readonly retryAfterMs: number | undefined;
  readonly refused: boolean;
}

/** Throws for bytes that are no answer. Writes the verdicts into `accepted`. */
export function readAnswer(bytes: Uint8Array, accepted: Uint8Array): BatchAnswer {
  const reader = new Reader(bytes);
  let batchSequence = 0;
  let receipts = 0;
  let credit = 0;
  let retryAfterMs: number | undefined;
  let refused = false;
  while (reader.at < bytes.length) {
    const tag = reader.varint();
    if (tag === 0x08) batchSequence = reader.varint();
    else if (tag === 0x28) credit = reader.varint();
    else if (tag === 0x12) {
      const end = reader.varint() + reader.at;
      accepted[receipts++] = readVarintField(reader, end, 4) === ACCEPTED ? 1 : 0;
    } else if (tag === 0x1a) {
      retryAfterMs = readThrottle(reader, reader.varint() + reader.at);
    } else {
      refused ||= tag === 0x22;
      reader.skip(tag);
    }
  }
  return { batchSequence, receipts, credit, retryAfterMs, refused };
}

/** `message Throttle { Duration retry_delay = 1; … }`, `message Duration { seconds = 1; nanos = 2; }` */
function readThrottle(reader: Reader, end: number): number {
  let delayMs = 0;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const innerEnd = reader.varint() + reader.at;
    while (reader.at < innerEnd) {
      const inner = reader.varint();
      delayMs += inner === 0x08 ? reader.varint() * 1_000 : reader.varint() / 1_000_000;
    }
  }
  return delayMs;
}

function readVarintField(reader: Reader, end: number, field: number): number {
  let value = 0;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag === field << 3) value = reader.varint();
    else reader.skip(tag);
  }
  return value;
}

class Reader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError('an answer ends too early');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  skip(tag: number): void {
    if ((tag & 7) === 2) {
      const length = this.varint();
      this.at += length;
    } else if ((tag & 7) === 0) this.varint();
    else throw new RangeError('an answer has a field that it cannot have');
  }
}
