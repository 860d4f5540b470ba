// How long a takedown takes, drawn so that published shares and averages hold: data/SOURCE.md says whose.
import { rowsOf } from './distributions.js';
import { weighted, type Random } from './random.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Averages, in days. */
const INSIDE_NETWORK_DAYS = 2.5;
const OUTSIDE_NETWORK_DAYS = 28;
const SEEN_AGAIN_SHARE = 0.5;

export type AddresseeKind = 'VN_PLATFORM' | 'PLATFORM_ABROAD' | 'HOST_IN_NETWORK' | 'HOST_OUTSIDE';

export interface TakedownDraws {
  /** From notice to gone, in ms. */
  readonly takedownMs: (kind: AddresseeKind, random: Random) => number;
  /** From gone to there again, in ms; null: it stays down. */
  readonly reappearsAfterMs: (kind: AddresseeKind, random: Random) => number | null;
}

/** Spans of hours with the share of what is gone within each. */
const SPANS: readonly (readonly [name: string, fromHours: number, toHours: number])[] = [
  ['Less than 2 hours', 0.1, 2],
  ['Between 2 and 8 hours', 2, 8],
  ['Between 8 and 24 hours', 8, 24],
  ['More than 24 hours', 24, 42 * 24],
];

export function loadTakedownDraws(): TakedownDraws {
  const turnaround = rowsOf('tiktok-vietnam-quarterly.csv').filter(
    (row) => row['Task type'] === 'Turn around time',
  );
  const drawSpan = weighted(
    SPANS.map(([name]) =>
      turnaround.filter((row) => row['Task'] === name).reduce((sum, row) => sum + Number(row['Result']), 0),
    ),
  );
  const averageDays = rowsOf('ncmec-reports-by-provider.csv')
    .filter((row) => !(row['provider'] ?? '').includes('Total'))
    .map((row) => Number(row['avg_response_days']))
    .filter((days) => days > 0);

  const takedownMs = (kind: AddresseeKind, random: Random): number => {
    switch (kind) {
      case 'VN_PLATFORM': {
        const [, from, to] = SPANS[drawSpan(random)] ?? ['', 1, 2];
        return HOUR_MS * from * (to / from) ** random();
      }
      case 'PLATFORM_ABROAD':
        return exponential(averageDays[Math.floor(random() * averageDays.length)] ?? 1, random);
      case 'HOST_IN_NETWORK':
        return exponential(INSIDE_NETWORK_DAYS, random);
      case 'HOST_OUTSIDE':
        return exponential(OUTSIDE_NETWORK_DAYS, random);
    }
  };
  return {
    takedownMs,
    reappearsAfterMs: (kind, random) =>
      kind === 'HOST_OUTSIDE' && random() < SEEN_AGAIN_SHARE ? exponential(7, random) : null,
  };
}

function exponential(averageDays: number, random: Random): number {
  return -Math.log(1 - random()) * averageDays * DAY_MS;
}
