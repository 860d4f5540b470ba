import { describe, expect, it } from 'vitest';
import { bandAt, type Band } from '../../../takedown/figures/band.js';
import { kaplanMeier, survivalAt, type SurvivalCurve } from '../../../takedown/figures/kaplan-meier.js';
import { quantiles } from '../../../takedown/figures/quantile.js';
import { riskTable, type StayCount } from '../../../takedown/figures/risk-table.js';

const seen = (at: number, count = 1): StayCount => ({
  lowerMs: at,
  upperMs: at,
  openMs: at,
  enteredMs: 0,
  count,
});
const quantile = (of: SurvivalCurve, share: number, band: Band) => quantiles(of, [share], band)[0];
const open = (at: number, count = 1): StayCount => ({ ...seen(at, count), lowerMs: 0, upperMs: null });

// Freireich et al. 1963: weeks in remission, 21 patients on 6-MP.
const FREIREICH = [
  ...[6, 6, 6, 7, 10, 13, 16, 22, 23].map((week) => seen(week)),
  ...[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map((week) => open(week)),
];
const curve = kaplanMeier(riskTable(FREIREICH, 'UPPER'));

describe('survival of the 6-MP arm (Freireich et al. 1963)', () => {
  it('is as published at each step', () => {
    expect([...curve.timesMs]).toEqual([6, 7, 10, 13, 16, 22, 23]);
    expect([...curve.atRisk]).toEqual([21, 17, 15, 12, 11, 7, 6]);
    expect([...curve.survival].map((s) => s.toFixed(3))).toEqual([
      '0.857',
      '0.807',
      '0.753',
      '0.690',
      '0.627',
      '0.538',
      '0.448',
    ]);
    expect({ n: curve.n, nOpen: curve.nOpen }).toEqual({ n: 21, nOpen: 12 });
  });

  it('has a median of 23, and no time for a share that was never reached', () => {
    expect(quantile(curve, 0.5, 'PLAIN')?.valueMs).toBe(23);
    expect(quantile(curve, 0.25, 'PLAIN')?.valueMs).toBe(13);
    expect(quantile(curve, 0.9, 'PLAIN')).toMatchObject({ valueMs: null, upperMs: null });
  });

  it('is 1 before the first step and keeps its value between steps', () => {
    expect(survivalAt(curve, 5)).toBe(1);
    expect(survivalAt(curve, 6).toFixed(3)).toBe('0.857');
    expect(survivalAt(curve, 9).toFixed(3)).toBe('0.807');
    expect(survivalAt(curve, 100).toFixed(3)).toBe('0.448');
  });

  // By hand at 6 weeks: S = 18/21, G = 3/(21·18) = 1/126, standard error = S·√G = 0.07636;
  // 0.85714 ± 1.95996·0.07636 = 0.70748, 1.00681 (cut to 1).
  // At 10 weeks: G = 3/(21·18) + 1/(17·16) + 1/(15·14) = 0.0163749, S = 18/21·16/17·14/15 = 0.752941,
  // standard error = 0.0963477; 0.752941 ± 0.188838 = 0.564103, 0.941779.
  it('has Greenwood’s plain band', () => {
    const rounded = (step: number) => {
      const limits = bandAt(curve, step, 'PLAIN');
      return [limits?.lower.toFixed(4), limits?.upper.toFixed(4)];
    };
    expect(rounded(0)).toEqual(['0.7075', '1.0000']);
    expect(rounded(2)).toEqual(['0.5641', '0.9418']);
  });

  // At 6 weeks: ln S = −0.154151, √G / ln S = −0.577921, times 1.95996 = −1.132706;
  // 0.857143^e^1.132706 = 0.857143^3.10404 = 0.6197, 0.857143^e^−1.132706 = 0.857143^0.32216 = 0.9516.
  it('has a log-log band that stays within 0 and 1', () => {
    const limits = bandAt(curve, 0, 'LOG_LOG');
    expect([limits?.lower.toFixed(4), limits?.upper.toFixed(4)]).toEqual(['0.6197', '0.9516']);
  });
});

describe('a survival curve', () => {
  it('does not get better when a provider ignores the hard cases', () => {
    const answered = [seen(1), seen(2), seen(3)];
    const ignored = [...answered, open(100, 3)];
    const median = (stays: readonly StayCount[]) =>
      quantile(kaplanMeier(riskTable(stays, 'UPPER')), 0.5, 'PLAIN')?.valueMs;
    expect(median(answered)).toBe(2);
    expect(median(ignored)).toBe(3);
    expect(median([...ignored, open(100)])).toBeNull();
  });

  it('reaches 0 without a band where nobody is left', () => {
    const all = kaplanMeier(riskTable([seen(1), seen(2)], 'UPPER'));
    expect([...all.survival]).toEqual([0.5, 0]);
    expect(bandAt(all, 1, 'PLAIN')).toBeUndefined();
    expect(quantile(all, 0.5, 'LOG_LOG')?.valueMs).toBe(1);
  });

  it('counts groups as their members, one by one', () => {
    const singly = kaplanMeier(riskTable([seen(5), seen(5), seen(7), open(6), open(6)], 'UPPER'));
    expect(kaplanMeier(riskTable([seen(7), open(6, 2), seen(5, 2)], 'UPPER'))).toEqual(singly);
  });

  // Two seen from the start (down at 2 and 6), two that join at 3 (down at 4 and 8): at risk are
  // 2 at 2, 3 at 4, 2 at 6, 1 at 8; S = 1/2, 1/2·2/3 = 1/3, 1/6, 0. One that was down at 3 never joined.
  it('lets those who enter late count from when they could be seen', () => {
    const late = (at: number): StayCount => ({ ...seen(at), enteredMs: 3 });
    const entered = kaplanMeier(riskTable([seen(2), seen(6), late(4), late(8), late(3)], 'UPPER'));
    expect([...entered.atRisk]).toEqual([2, 3, 2, 1]);
    expect([...entered.survival].map((s) => s.toFixed(4))).toEqual(['0.5000', '0.3333', '0.1667', '0.0000']);
    expect(entered.n).toBe(4);
  });

  it('is empty where nothing was counted', () => {
    const none = kaplanMeier(riskTable([], 'LOWER'));
    expect({ n: none.n, steps: none.timesMs.length }).toEqual({ n: 0, steps: 0 });
    expect(quantile(none, 0.5, 'PLAIN')?.valueMs).toBeNull();
  });
});
