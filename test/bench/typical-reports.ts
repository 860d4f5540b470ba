// The reports that the benchmark sends: wire bytes made once, of which only digits change from report to report, so
// that making reports costs next to nothing beside receiving them. They accuse nobody: invented hosts, addresses set
// aside for documentation.
import { Buffer } from 'node:buffer';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  Category,
  Channel,
  ContentType,
  DetectionMethod,
  FingerprintAlgorithm,
  FingerprintBasis,
  Precision,
  ReportSchema,
  Source,
} from '@lachan/proto/report';

/** How a report is numbered: `bench-000000000042`. */
export const ID_PREFIX = 'bench-';
const DIGITS = 12;
const PLACEHOLDER = '7'.repeat(DIGITS);
const KINDS_OF_REPORTS = 1_000;
/** One host in this many is Vietnamese. */
const VN_EVERY = 3;
const HOUR_MS = 3_600_000;

const CATEGORIES = [Category.CSAM, Category.CSAM, Category.CSAM, Category.GROOMING, Category.SEXTORTION];
const METHODS = [DetectionMethod.HASH_EXACT, DetectionMethod.HASH_PERCEPTUAL, DetectionMethod.CLASSIFIER];
const CHANNELS = [Channel.WEB_PAGE, Channel.CHAT, Channel.LIVE_STREAM];

interface Template {
  readonly bytes: Uint8Array;
  /** Where the number stands. */
  readonly places: readonly number[];
}

/** Reports by number: the same number is the same report, byte for byte. */
export class TypicalReports {
  readonly #templates: readonly Template[];
  readonly #digits = Buffer.alloc(DIGITS);

  constructor(nowMs: number) {
    this.#templates = Array.from({ length: KINDS_OF_REPORTS }, (_, kind) => templateOf(kind, nowMs));
  }

  /** Mean length of a report in bytes. */
  get meanBytes(): number {
    return this.#templates.reduce((sum, { bytes }) => sum + bytes.length, 0) / this.#templates.length;
  }

  /** A StreamReportsRequest of the reports of these numbers. */
  batch(sequence: number, numbers: Float64Array): Buffer {
    let length = 1 + varintBytes(sequence);
    for (const number of numbers) {
      const bytes = this.#template(number).bytes.length;
      length += 1 + varintBytes(bytes) + bytes;
    }
    const batch = Buffer.allocUnsafe(length);
    batch[0] = 0x08;
    let at = putVarint(batch, 1, sequence);
    for (const number of numbers) {
      const { bytes, places } = this.#template(number);
      batch[at] = 0x12;
      at = putVarint(batch, at + 1, bytes.length);
      batch.set(bytes, at);
      this.#setDigits(number);
      for (const place of places) batch.set(this.#digits, at + place);
      at += bytes.length;
    }
    return batch;
  }

  #template(number: number): Template {
    const template = this.#templates[number % KINDS_OF_REPORTS];
    if (template === undefined) throw new RangeError('reports are numbered from 0');
    return template;
  }

  #setDigits(number: number): void {
    let rest = number;
    for (let at = DIGITS - 1; at >= 0; at -= 1) {
      const next = Math.floor(rest / 10);
      this.#digits[at] = 0x30 + rest - next * 10;
      rest = next;
    }
  }
}

/** `bench-000000000042` */
export function reportIdOf(number: number): string {
  return ID_PREFIX + String(number).padStart(DIGITS, '0');
}

/** Twelve fields, as platforms with little more than a hash match fill them in. */
function templateOf(kind: number, nowMs: number): Template {
  const host = kind % VN_EVERY === 0 ? `lachan-demo-${kind}.vn` : `host-${kind}.example`;
  const time = (agoMs: number) => ({
    instant: timestampFromMs(Math.floor((nowMs - agoMs) / 1_000) * 1_000),
    precision: Precision.SECOND,
  });
  const report = create(ReportSchema, {
    reportId: ID_PREFIX + PLACEHOLDER,
    correlationId: `req-${PLACEHOLDER}`,
    serviceName: 'Lachan Demo Video',
    detectedAt: time(HOUR_MS + kind * 1_000),
    decidedAt: time(HOUR_MS / 2),
    reportedAt: time(0),
    category: CATEGORIES[kind % CATEGORIES.length] ?? Category.CSAM,
    channel: CHANNELS[kind % CHANNELS.length] ?? Channel.WEB_PAGE,
    locations: [
      { url: `https://${host}/media/${kind % 37}/${PLACEHOLDER}`, hostIp: `198.51.100.${kind % 256}` },
    ],
    items: [
      {
        contentTypes: [ContentType.IMAGE],
        fingerprints: [
          {
            algorithm: FingerprintAlgorithm.SHA256,
            value: `${'0123456789abcdef'.repeat(4).slice(DIGITS)}${PLACEHOLDER}`,
            basis: FingerprintBasis.ORIGINAL,
          },
        ],
      },
    ],
    source: Source.OWN_INITIATIVE,
    detectionMethod: METHODS[kind % METHODS.length] ?? DetectionMethod.HASH_EXACT,
  });
  const bytes = Buffer.from(toBinary(ReportSchema, report));
  const places: number[] = [];
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + DIGITS))
    places.push(at);
  return { bytes, places };
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

function putVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest % 0x80) | 0x80;
  target[at++] = rest;
  return at;
}
