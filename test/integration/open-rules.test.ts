import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openRules, RulesFault } from '../../consumers/takedown/open-rules.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import type { Store } from '../../store/store.js';
import { readRules } from '../../takedown/read-rules.js';
import { VIETNAM_EXAMPLE } from '../../takedown/rules/vietnam-example.js';

const NOW_MS = Date.UTC(2026, 10, 2);
const ONE = {
  id: 'within-a-day',
  version: 1,
  article: 'article of the tests',
  note: '',
  validFrom: '2026-01-01T00:00:00+07:00',
  validTo: null,
  trigger: 'NOTICE_ISSUED',
  categories: ['CSAM'],
  urgencies: null,
  hosts: ['VN_DOMAIN'],
  limitHours: 24,
  pausedBy: ['HOLD'],
};
const ENDED = { ...ONE, validTo: '2026-12-01T00:00:00+07:00' };
const NEXT = { ...ONE, version: 2, validFrom: '2026-12-01T00:00:00+07:00', limitHours: 12 };

let directory: string;
const stores: Store[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lachan-test-store-'));
});

afterAll(async () => {
  for (const store of stores) await store.close();
  await rm(directory, { recursive: true });
});

async function newStore(): Promise<Store> {
  const store = await openChdb({ directory, database: `test_${stores.length}` });
  stores.push(store);
  await migrate(store, 'single', NOW_MS);
  return store;
}

describe('the rules at start', () => {
  it('are the example for Vietnam at the very first, and those of the last start afterwards', async () => {
    const store = await newStore();
    const example = readRules(VIETNAM_EXAMPLE);
    expect({ rules: await openRules(store, undefined, NOW_MS) }).toEqual(example);
    const others = await newStore();
    const given = await openRules(others, [ONE], NOW_MS);
    expect(given).toMatchObject([{ id: 'within-a-day', version: 1, limitMs: 24 * 3_600_000 }]);
    expect(await openRules(others, undefined, NOW_MS + 1)).toEqual(given);
    expect(await openRules(others, [ONE], NOW_MS + 2)).toEqual(given);
  });

  it('may replace the example as long as no case has a deadline by it, and not afterwards', async () => {
    const store = await newStore();
    await openRules(store, undefined, NOW_MS);
    const given = await openRules(store, [ONE], NOW_MS + 1);
    expect(given).toHaveLength(1);

    const decided = await newStore();
    const example = await openRules(decided, undefined, NOW_MS);
    await decided.command(`INSERT INTO cases (environment, location_key, version, deadline_duty, deadline_rule,
      deadline_ms, deadline_pauses) SETTINGS async_insert = 0
      VALUES ('TEST', generateUUIDv4(), 1, [1], ['decree-147-2024-request@1'], [86400000], ['HOLD'])`);
    await expect(openRules(decided, [ONE], NOW_MS + 1)).rejects.toThrow(
      'decree-147-2024-request@1 is missing',
    );
    const later = { ...NEXT, validFrom: '2026-12-01T00:00:00+07:00' };
    const all = await openRules(decided, [...(VIETNAM_EXAMPLE as readonly unknown[]), later], NOW_MS + 1);
    expect(all).toHaveLength(example.length + 1);
    const names = (rules: typeof all): readonly string[] =>
      rules.map(({ id, version }) => `${id}@${version}`).sort();
    expect(names(await openRules(decided, undefined, NOW_MS + 2))).toEqual(names(all));
  });

  it('may end a rule and go on with its next version', async () => {
    const store = await newStore();
    await openRules(store, [ONE], NOW_MS);
    const rules = await openRules(store, [ENDED, NEXT], NOW_MS + 1);
    expect(rules.map(({ version, validToMs }) => [version, validToMs])).toEqual([
      [1, Date.UTC(2026, 10, 30, 17)],
      [2, null],
    ]);
    expect(await openRules(store, undefined, NOW_MS + 2)).toEqual(rules);
  });

  it.each([
    ['other hours under the same version', [{ ...ONE, limitHours: 48 }], 'within-a-day@1 was changed'],
    ['without one that was in force', [NEXT], 'within-a-day@1 is missing'],
    [
      'with a new one that begins in the past',
      [ONE, { ...ONE, id: 'other', validFrom: '2026-02-01T00:00:00+07:00' }],
      'other@1 is new and begins in the past',
    ],
  ])('are refused when they would rewrite what was decided: %s', async (_, rules, why) => {
    const store = await newStore();
    const before = await openRules(store, [ONE], NOW_MS);
    const refused = openRules(store, rules, NOW_MS + 1);
    await expect(refused).rejects.toThrow(RulesFault);
    await expect(refused).rejects.toThrow(why);
    expect(await openRules(store, undefined, NOW_MS + 2)).toEqual(before);
  });

  it('are refused with all their faults when they are none', async () => {
    const store = await newStore();
    const refused = openRules(store, [{ ...ONE, limitHours: 0, trigger: 'RUMOUR' }], NOW_MS);
    await expect(refused).rejects.toThrow(/trigger must be .*limitHours must be/);
    expect(await store.select('SELECT count() AS n FROM takedown_rules')).toEqual([{ n: '0' }]);
  });
});
