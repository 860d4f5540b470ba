import { describe, expect, it } from 'vitest';

import { tryEveryMoment, tryEveryPair } from './enumerate.js';
import {
  answeringBeforeCasesAreKept,
  answeringBeforeItLands,
  cuttingAnew,
  forgettingWhatWasBegun,
  rememberingThirtyDays,
  withFreshTokens,
  withoutRangeInTokens,
} from './faulty.js';
import { SETTING, SMALL_PLAN, TAKEDOWN_PLAN } from './small-plan.js';
import type { Flaws, Plan } from './world.js';

const LATER: Plan = { ...SMALL_PLAN, settings: [SETTING, { ...SETTING, clockJumpMs: 60 * 86_400_000 }] };

const FLAWS: readonly (readonly [string, Flaws, RegExp])[] = [
  ['a store that forgets tokens', { sink: 'forgets tokens' }, /LandingFault|too many/],
  ['views that forget tokens', { sink: 'forgets tokens of views' }, /record_totals too many/],
  [
    'a store that knows one token for all partitions of a table',
    { sink: 'knows one token for all partitions of a table' },
    /rows landed/,
  ],
  ['a log that forgets an intent', { log: 'forgets commits' }, /not noted as being under way/],
  ['a commit before the insert', { wrapStore: answeringBeforeItLands }, /committed, but/],
  ['tokens without the range', { wrapStore: withoutRangeInTokens }, /came again with other rows/],
  ['another token for every attempt', { wrapStore: withFreshTokens }, /came under/],
  [
    'a restart that forgets what was under way',
    { wrapLog: forgettingWhatWasBegun },
    /the log is older than the store/,
  ],
  ['a restart that cuts the batch under way anew', { wrapLog: cuttingAnew }, /not noted as being under way/],
  [
    'a memory of thirty days by the clock on the wall',
    { wrapStore: rememberingThirtyDays },
    /rows too many: .* REPORT/,
  ],
];

describe('the simulation finds', () => {
  it.each(FLAWS)('%s', async (_, flaws, expected) => {
    const { failures } = await tryEveryMoment({ ...LATER, flaws }, ['crash', 'late']);
    expect(failures.join('\n')).toMatch(expected);
  });

  it('events that are committed before their cases are written', async () => {
    const plan: Plan = { ...TAKEDOWN_PLAN, flaws: { wrapStore: answeringBeforeCasesAreKept } };
    const { failures } = await tryEveryMoment(plan, ['fault']);
    expect(failures.join('\n')).toMatch(/cases missing: case /);
  });

  it('a log that takes commits from who has lost the partition', async () => {
    const plan: Plan = { ...SMALL_PLAN, learnsAfterMs: 50, flaws: { log: 'takes commits from anybody' } };
    const { failures } = await tryEveryPair(plan, ['freeze', 'wake'], (call) =>
      call.includes('insert records'),
    );
    expect(failures.join('\n')).toMatch(/there twice/);
  });

  it('a store whose memory of tokens is shorter than a process may stand still', async () => {
    const plan: Plan = {
      ...SMALL_PLAN,
      learnsAfterMs: 50,
      flaws: { sink: 'remembers the latest token only' },
    };
    const { failures } = await tryEveryPair(plan, ['freeze', 'wake'], (call) =>
      call.includes('insert records'),
    );
    expect(failures.join('\n')).toMatch(/rows landed|LandingFault|too many/);
  });
});
