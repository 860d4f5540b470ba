// The legal clocks that cases are folded with: chosen at start, and held against those that were in force before.
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { selectHasDeadlines, selectRules } from '../../store/queries/rules.js';
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
 * The rules to fold with. `given` as `readRules` takes it; undefined: those that were given last, and as long as none
 * were, the example for Vietnam, which is not written down: it binds nobody before a case has a deadline by it. Throws
 * `RulesFault` with all that is wrong with them, and with all they would change of what cases were decided under.
 * `StoreFault` when the store does not answer.
 */
export async function openRules(store: Store, given: unknown, nowMs: number): Promise<readonly Rule[]> {
  const select = store.select.bind(store);
  const stored = await selectRules(select);
  const known = readRules([...stored.values()].map((content): unknown => JSON.parse(content)));
  if ('faults' in known) throw new RulesFault(`takedown_rules is damaged: ${known.faults.join('; ')}`);
  if (given === undefined) return stored.size > 0 ? known.rules : rulesIn(VIETNAM_EXAMPLE);
  const rules = rulesIn(given);
  const decided = stored.size > 0 || (await selectHasDeadlines(select));
  const before = stored.size > 0 ? known.rules : rulesIn(VIETNAM_EXAMPLE);
  const faults = decided ? succeedRules(before, rules, nowMs) : [];
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

function rulesIn(given: unknown): readonly Rule[] {
  const read = readRules(given);
  if ('faults' in read) throw new RulesFault(`the rules of takedown are not good: ${read.faults.join('; ')}`);
  return read.rules;
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
