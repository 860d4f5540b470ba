// Reports for tests of what the gateway accepts, and how tables of rules are run.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Category,
  DetectionMethod,
  FingerprintAlgorithm,
  ReportSchema,
  type Report,
} from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { expect, it } from 'vitest';
import { canonicalise } from '../../gateway/canonicalise.js';
import { validate } from '../../gateway/validate.js';
import type { Violation } from '../../gateway/violation.js';

export type Loose<T> = T extends bigint | string | boolean
  ? T
  : T extends number
    ? number
    : T extends readonly (infer Entry)[]
      ? readonly Loose<Entry>[]
      : { readonly [Key in keyof T as Exclude<Key, '$typeName' | '$unknown'>]?: Loose<T[Key]> };

/** Fields of a report, with plain numbers for enums: a test also needs those that the contract does not have. */
export type Init = Loose<Report>;

export function reportOf(init: Init): Report {
  // Enums of the contract are open: the wire may hold any number.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
  return create(ReportSchema, init as MessageInitShape<typeof ReportSchema>);
}

/** When the reports of tests are received: 2026-11-02T00:00:00Z, in milliseconds. */
export const RECEIVED_AT_MS = Date.UTC(2026, 10, 2);
export const RECEIVED_AT_S = BigInt(RECEIVED_AT_MS / 1000);

export const instantAt = (seconds: bigint, nanos = 0): { seconds: bigint; nanos: number } => ({
  seconds,
  nanos,
});

/** A good report of five fields. */
export const good: Init = {
  reportId: 'r-1',
  category: Category.CSAM,
  locations: [{ url: 'https://lachan-demo-1.vn/x' }],
  detectedAt: { instant: instantAt(RECEIVED_AT_S - 3600n) },
  detectionMethod: DetectionMethod.HASH_EXACT,
};

/** A number that no enum of the contract has. */
export const UNKNOWN: number = 99;

/** A beginning of a picture as text, short enough for every field of free text. */
export const PICTURE = `data:image/png;base64,${'iVBORw0KGgo'.repeat(4)}`;

export const times = <T>(count: number, entry: T): T[] => Array.from({ length: count }, () => entry);

type Entry<List> = NonNullable<List> extends readonly (infer One)[] ? One : never;
type Place = Entry<Init['locations']>;
type Item = Entry<Init['items']>;
type Fingerprint = Entry<Item['fingerprints']>;

export const urlPlace: Place = { url: 'https://lachan-demo-1.vn/x' };
export const fingerprint: Fingerprint = { algorithm: FingerprintAlgorithm.SHA256, value: 'aB'.repeat(32) };
export const withPlace = (place: Place): Init => ({ locations: [place] });
export const withItem = (item: Item): Init => ({ items: [item] });
export const withFingerprint = (change: Fingerprint): Init =>
  withItem({ fingerprints: [{ ...fingerprint, ...change }] });

/** What the gateway says of a report that it received at `RECEIVED_AT_MS`. */
export function check(report: Report): readonly Violation[] {
  const verdicts = report.locations.map(({ url }) => (url === '' ? undefined : canonicalise(url)));
  return validate(report, RECEIVED_AT_MS, verdicts);
}

/** Field and rule of each violation, as in `category REQUIRED`. */
export function broken(init: Init): string[] {
  return check(reportOf(init)).map(({ field, rule }) => `${field} ${Rule[rule]}`);
}

/** One test for each row: `good`, so changed, is good. */
export function accepted(rows: readonly (readonly [title: string, change: Init])[]): void {
  it.each(rows.map(([title, change]) => ({ title, change })))('is good: $title', ({ change }) => {
    expect(broken({ ...good, ...change })).toEqual([]);
  });
}

/** One test for each row: `good`, so changed, breaks exactly these rules. */
export function refused(
  rows: readonly (readonly [title: string, change: Init, ...expected: string[]])[],
): void {
  const cases = rows.map(([title, change, ...expected]) => ({ title, change, expected }));
  it.each(cases)('is refused: $title', ({ change, expected }) => {
    expect(broken({ ...good, ...change })).toEqual(expected);
  });
}
