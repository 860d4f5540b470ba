// Pointwise confidence bands of a survival curve, from Greenwood's variance; each figure names which.
import type { SurvivalCurve } from './kaplan-meier.js';

/**
 * PLAIN: S ± z·S·√G, cut to 0..1. LOG_LOG: S^exp(±z·√G / ln S), which stays within 0..1 by itself
 * (Kalbfleisch & Prentice 1980).
 */
export const BANDS = ['PLAIN', 'LOG_LOG'] as const;
export type Band = (typeof BANDS)[number];

/** The normal quantile for 95 %. */
export const Z_95 = 1.959963984540054;

export interface Limits {
  readonly lower: number;
  readonly upper: number;
}

/** Of one step; undefined where the variance is: once nobody is left. */
export function bandAt(curve: SurvivalCurve, step: number, band: Band, z = Z_95): Limits | undefined {
  const survival = curve.survival[step];
  const greenwood = curve.greenwood[step];
  if (survival === undefined || greenwood === undefined || !Number.isFinite(greenwood)) return undefined;
  if (band === 'PLAIN') {
    const half = z * survival * Math.sqrt(greenwood);
    return { lower: Math.max(0, survival - half), upper: Math.min(1, survival + half) };
  }
  // A step has events, so survival is below 1 and its logarithm below 0.
  const width = (z * Math.sqrt(greenwood)) / Math.log(survival);
  return { lower: survival ** Math.exp(-width), upper: survival ** Math.exp(width) };
}
