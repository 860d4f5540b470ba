// Legal clocks as dated data. A rule counts for what it says was triggered while it was in force, for ever.
import type { Category, Urgency } from '../schemas/vocabulary.js';
import type { Deadline } from './case.js';
import type { Host } from './event.js';

export const TRIGGERS = ['NOTICE_ISSUED', 'COMPLAINT_FOUNDED'] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const PAUSE_KINDS = ['HOLD', 'APPEAL'] as const;
export type PauseKind = (typeof PAUSE_KINDS)[number];

/** A domain under .vn, an address in Vietnam, an address in another country. One host can be two of them. */
export const HOST_KINDS = ['VN_DOMAIN', 'VN_ADDRESS', 'ABROAD'] as const;
export type HostKind = (typeof HOST_KINDS)[number];

/** Conditions are null where anything will do. */
export interface Rule {
  readonly id: string;
  readonly version: number;
  /** Where it is written. */
  readonly article: string;
  readonly note: string;
  /** In force from this instant on, until before the other (null = no end known). */
  readonly validFromMs: number;
  readonly validToMs: number | null;
  readonly trigger: Trigger;
  readonly categories: readonly Category[] | null;
  readonly urgencies: readonly Urgency[] | null;
  readonly hosts: readonly HostKind[] | null;
  readonly limitMs: number;
  readonly pausedBy: readonly PauseKind[];
}

export interface RuleContext {
  readonly category: Category;
  readonly urgency: Urgency;
  readonly host: Host;
}

/** The deadlines that a trigger at `atMs` sets, in the order of the rules. */
export function deadlinesFor(
  rules: readonly Rule[],
  trigger: Trigger,
  atMs: number,
  context: RuleContext,
): readonly Deadline[] {
  return rules
    .filter((rule) => rule.trigger === trigger && isInForce(rule, atMs) && applies(rule, context))
    .map((rule) => ({
      rule: `${rule.id}@${rule.version}`,
      article: rule.article,
      limitMs: rule.limitMs,
      pausedBy: rule.pausedBy,
    }));
}

function isInForce({ validFromMs, validToMs }: Rule, atMs: number): boolean {
  return validFromMs <= atMs && (validToMs === null || atMs < validToMs);
}

function applies({ categories, urgencies, hosts }: Rule, { category, urgency, host }: RuleContext): boolean {
  if (categories !== null && !categories.includes(category)) return false;
  if (urgencies !== null && !urgencies.includes(urgency)) return false;
  return hosts === null || hosts.some((kind) => isOfKind(host, kind));
}

function isOfKind({ isVnDomain, country }: Host, kind: HostKind): boolean {
  switch (kind) {
    case 'VN_DOMAIN':
      return isVnDomain;
    case 'VN_ADDRESS':
      return country === 'VN';
    case 'ABROAD':
      return country !== '' && country !== 'VN';
  }
}
