// A new set of rules must leave alone what was decided under the old one.
import type { Rule } from './rule.js';

/**
 * Why `next` may not take the place of `current` at `nowMs`; empty if it may. What is in force stays as it
 * is, word for word, but may be given an end that has not passed; what is new begins not before `nowMs`.
 */
export function succeedRules(
  current: readonly Rule[],
  next: readonly Rule[],
  nowMs: number,
): readonly string[] {
  const faults: string[] = [];
  const nameOf = ({ id, version }: Rule): string => `${id}@${version}`;
  const offered = new Map(next.map((rule) => [nameOf(rule), rule]));
  const known = new Set(current.map(nameOf));
  for (const old of current) {
    const name = nameOf(old);
    const kept = offered.get(name);
    if (kept === undefined) faults.push(`${name} is missing: cases were decided under it`);
    else if (bodyOf(kept) !== bodyOf(old)) faults.push(`${name} was changed: give the change a new version`);
    else if (!mayEnd(old.validToMs, kept.validToMs, nowMs)) {
      faults.push(`${name}: its end may be moved only where neither the old nor the new one has passed`);
    }
  }
  for (const rule of next) {
    if (!known.has(nameOf(rule)) && rule.validFromMs < nowMs) {
      faults.push(`${nameOf(rule)} is new and begins in the past`);
    }
  }
  return faults;
}

function mayEnd(from: number | null, to: number | null, nowMs: number): boolean {
  if (from === to) return true;
  return (from === null || from >= nowMs) && (to === null || to >= nowMs);
}

function bodyOf(rule: Rule): string {
  const sorted = (list: readonly string[] | null): string =>
    list === null ? '*' : [...list].sort().join(' ');
  const { article, note, validFromMs, trigger, limitMs } = rule;
  const { categories, urgencies, hosts, pausedBy } = rule;
  const lists = [categories, urgencies, hosts, pausedBy].map(sorted);
  return JSON.stringify([article, note, validFromMs, trigger, limitMs, ...lists]);
}
