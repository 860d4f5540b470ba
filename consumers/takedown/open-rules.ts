// The legal clocks that cases are folded with: chosen at start, and held against those that were in force before.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { selectRules } from '../../store/queries/rules.js';
import type { Store } from '../../store/store.js';
import { HOUR_MS } from '../../takedown/instants.js';
import { readRules } from '../../takedown/read-rules.js';
import type { Rule } from '../../takedown/rule.js';
import { VIETNAM_EXAMPLE } from '../../takedown/rules/vietnam-example.js';
import { succeedRules } from '../../takedown/succeed-rules.js';

/** The rules that were given must not be folded with. */
export class RulesFault extends Error {
  override readonly name = 'RulesFault';
}

/**
 * The rules to fold with, written down in the store. `given` as `readRules` takes it; undefined: those that were written
 * down before, at the very first the example for Vietnam. Throws `RulesFault` with all that is wrong with them, and with
 * all they would change of what cases were decided under. `StoreFault` when the store does not answer.
 */
export async function openRules(store: Store, given: unknown, nowMs: number): Promise<readonly Rule[]> {
  const stored = await selectRules(store.select.bind(store));
  const known = readRules([...stored.values()].map((content): unknown => JSON.parse(content)));
  if ('faults' in known) throw new RulesFault(`takedown_rules is damaged: ${known.faults.join('; ')}`);
  if (given === undefined && stored.size > 0) return known.rules;
  const read = readRules(given ?? VIETNAM_EXAMPLE);
  if ('faults' in read) throw new RulesFault(`the rules of takedown are not good: ${read.faults.join('; ')}`);
  const { rules } = read;
  const faults = stored.size === 0 ? [] : succeedRules(known.rules, rules, nowMs);
  if (faults.length > 0) {
    throw new RulesFault(
      `the rules of takedown would change what was decided under the ones before: ${faults.join('; ')}`,
    );
  }
  const news = rules
    .map((rule) => ({ rule: `${rule.id}@${rule.version}`, content: contentOf(rule) }))
    .filter(({ rule, content }) => stored.get(rule) !== content);
  if (news.length === 0) return rules;
  const rows = news.map(({ rule, content }) => `${JSON.stringify([rule, content, nowMs])}\n`).join('');
  await store.insert({
    table: 'takedown_rules',
    columns: ['rule', 'content', 'recorded_at'],
    rows: Buffer.from(rows),
    rowCount: news.length,
    token: `takedown-rules:${createHash('sha256').update(rows).digest('hex')}`,
  });
  return rules;
}

/** The rule as `readRules` takes it. */
function contentOf(rule: Rule): string {
  const { validFromMs, validToMs, limitMs, ...same } = rule;
  return JSON.stringify({
    ...same,
    validFrom: instant(validFromMs),
    validTo: validToMs === null ? null : instant(validToMs),
    limitHours: limitMs / HOUR_MS,
  });
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
