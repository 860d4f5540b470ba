import { timestampMs } from '@bufbuild/protobuf/wkt';
import { TakedownEventType, type TakedownEvent } from '@lachan/proto/takedown';
import { describe, expect, it } from 'vitest';
import { loadDistributions } from '../../../cli/demo/distributions.js';
import { inventHistory, type Addressee } from '../../../cli/demo/invent-history.js';
import { seededRandom } from '../../../cli/demo/random.js';
import { loadTakedownDraws, type AddresseeKind } from '../../../cli/demo/takedown-times.js';

const NOW = Date.parse('2026-11-24T05:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KINDS: readonly AddresseeKind[] = ['VN_PLATFORM', 'PLATFORM_ABROAD', 'HOST_IN_NETWORK', 'HOST_OUTSIDE'];
const addressees: readonly Addressee[] = KINDS.map((kind) => ({ providerId: kind.toLowerCase(), kind }));
const draws = loadTakedownDraws();

const history = (cases: number, seed = 1): readonly TakedownEvent[] => [
  ...inventHistory({
    cases,
    addressees,
    distributions: loadDistributions(4),
    draws,
    random: seededRandom(seed),
    nowMs: NOW,
  }),
];
const at = (event: TakedownEvent): number => (event.observedAt ? timestampMs(event.observedAt) : NaN);

describe('the invented history of takedowns', () => {
  const events = history(400);
  const cases = new Map<string, TakedownEvent[]>();
  for (const event of events) {
    const url = event.location?.url ?? '';
    cases.set(url, [...(cases.get(url) ?? []), event]);
  }

  it('names no real place: hosts under .example and invented .vn names', () => {
    for (const url of cases.keys())
      expect(new URL(url).hostname).toMatch(/^(lachan-demo-\d+\.vn|host-\d+\.example)$/);
  });

  it('is history: every event says when it was seen, some weeks back and never in the future', () => {
    for (const event of events) {
      expect(at(event)).toBeLessThan(NOW);
      expect(at(event)).toBeGreaterThan(NOW - 61 * DAY);
    }
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
  });

  it('tells every case in the order in which it happened, from its report on', () => {
    expect(cases.size).toBe(400);
    for (const told of cases.values()) {
      expect(told[0]?.type).toBe(TakedownEventType.REPORTED);
      const times = told.map(at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it('has open cases whose deadlines run or have passed, false claims, and some that came back', () => {
    const lastOf = [...cases.values()].map((told) => told.at(-1)?.type);
    expect(lastOf.filter((type) => type === TakedownEventType.NOTICE_ISSUED).length).toBeGreaterThan(3);
    expect(lastOf.filter((type) => type === TakedownEventType.VERIFIED_STILL_UP).length).toBeGreaterThan(3);
    expect(lastOf.filter((type) => type === TakedownEventType.CLOSED).length).toBeGreaterThan(100);
    expect(events.some(({ type }) => type === TakedownEventType.REAPPEARED)).toBe(true);
  });

  it('is the same for the same seed, and another for another', () => {
    const ids = (seed: number): string =>
      JSON.stringify(history(20, seed).map((one) => [one.eventId, at(one)]));
    expect(ids(7)).toBe(ids(7));
    expect(ids(7)).not.toBe(ids(8));
  });
});

describe('drawn takedown times', () => {
  const drawn = (kind: AddresseeKind): readonly number[] => {
    const random = seededRandom(11);
    return Array.from({ length: 20_000 }, () => draws.takedownMs(kind, random));
  };
  const share = (times: readonly number[], hours: number): number =>
    times.filter((ms) => ms < hours * HOUR).length / times.length;
  const averageDays = (times: readonly number[]): number =>
    times.reduce((sum, ms) => sum + ms, 0) / times.length / DAY;

  it('have the published shares of a platform in Vietnam: four quarters to June 2024', () => {
    const times = drawn('VN_PLATFORM');
    // 0.965 0.957 0.978 0.885 of 1.001 1 1.001 1, and so on.
    expect(share(times, 2)).toBeCloseTo(3.785 / 4.002, 2);
    expect(share(times, 8)).toBeCloseTo((3.785 + 0.127) / 4.002, 2);
    expect(share(times, 24)).toBeCloseTo((3.785 + 0.127 + 0.08) / 4.002, 2);
    expect(Math.max(...times)).toBeLessThanOrEqual(42 * DAY);
  });

  it('have the published averages of hosts inside and outside of the network', () => {
    expect(averageDays(drawn('HOST_IN_NETWORK'))).toBeCloseTo(2.5, 1);
    expect(averageDays(drawn('HOST_OUTSIDE')) / 28).toBeCloseTo(1, 1);
  });

  it('of platforms abroad lie between the fastest and the slowest published average', () => {
    const average = averageDays(drawn('PLATFORM_ABROAD'));
    expect(average).toBeGreaterThan(0.2);
    expect(average).toBeLessThan(8);
  });

  it('bring half of what was removed outside the network back, and nothing else', () => {
    const random = seededRandom(5);
    const back = (kind: AddresseeKind): number =>
      Array.from({ length: 4_000 }, () => draws.reappearsAfterMs(kind, random)).filter((ms) => ms !== null)
        .length;
    expect(back('HOST_OUTSIDE') / 4_000).toBeCloseTo(0.5, 1);
    expect(back('VN_PLATFORM')).toBe(0);
  });
});
