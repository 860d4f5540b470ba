// Rules are checked at start, all faults at once: a wrong legal clock must not begin to tick.
import { CATEGORIES, URGENCIES } from '../schemas/vocabulary.js';
import { HOUR_MS, readInstant } from './instants.js';
import { HOST_KINDS, PAUSE_KINDS, TRIGGERS, type Rule } from './rule.js';

export type ReadRules = { readonly rules: readonly Rule[] } | { readonly faults: readonly string[] };

const KEYS = [
  'id',
  'version',
  'article',
  'note',
  'validFrom',
  'validTo',
  'trigger',
  'categories',
  'urgencies',
  'hosts',
  'limitHours',
  'pausedBy',
];
const MAX_HOURS = 10 * 366 * 24;
const MAX_RULES = 1000;

/**
 * Takes an array of objects with exactly the fields of `rules/vietnam-example.ts`; instants are ISO 8601
 * with an offset. Each fault names the rule by its place and the field.
 */
export function readRules(value: unknown): ReadRules {
  if (!Array.isArray(value)) return { faults: ['the rules are not a list'] };
  if (value.length > MAX_RULES) return { faults: [`more than ${MAX_RULES} rules`] };
  const faults: string[] = [];
  const rules: Rule[] = [];
  value.forEach((entry: unknown, i) => {
    const rule = readRule(entry, (fault) => faults.push(`rule ${i + 1}: ${fault}`));
    if (rule !== undefined) rules.push(rule);
  });
  faults.push(...clashes(rules));
  return faults.length > 0 ? { faults } : { rules };
}

function readRule(entry: unknown, fault: (text: string) => void): Rule | undefined {
  if (typeof entry !== 'object' || entry === null) {
    fault('is not an object');
    return undefined;
  }
  const fields = new Map<string, unknown>(Object.entries(entry));
  for (const key of fields.keys()) if (!KEYS.includes(key)) fault(`${key} is not a field of a rule`);

  const take = <T>(key: string, read: (value: unknown) => T | undefined, expected: string): T | undefined => {
    const value = read(fields.get(key));
    if (value === undefined) fault(`${key} must be ${expected}`);
    return value;
  };
  const id = take('id', (v) => (isText(v) && /^[a-z0-9-]{1,100}$/.test(v) ? v : undefined), 'of a-z 0-9 -');
  const version = take('version', (v) => (isWhole(v, 1_000_000) ? v : undefined), 'a whole number from 1 on');
  const article = take('article', (v) => (isText(v) && v !== '' ? v : undefined), 'text');
  const note = take('note', (v) => (isText(v) ? v : undefined), 'text');
  const validFromMs = take('validFrom', readMs, 'an instant with its offset');
  const validToMs = take('validTo', (v) => (v === null ? null : readMs(v)), 'null or such an instant');
  const trigger = take('trigger', (v) => TRIGGERS.find((t) => t === v), `one of ${TRIGGERS.join(' ')}`);
  const categories = take('categories', (v) => anyOrSome(v, CATEGORIES), 'null or a list of categories');
  const urgencies = take('urgencies', (v) => anyOrSome(v, URGENCIES), 'null or a list of urgencies');
  const hosts = take('hosts', (v) => anyOrSome(v, HOST_KINDS), `null or a list of ${HOST_KINDS.join(' ')}`);
  const hours = take('limitHours', (v) => (isWhole(v, MAX_HOURS) ? v : undefined), 'whole hours from 1 on');
  const pausedBy = take('pausedBy', (v) => some(v, PAUSE_KINDS), `a list of ${PAUSE_KINDS.join(' ')}`);
  if (typeof validToMs === 'number' && validFromMs !== undefined && validToMs <= validFromMs) {
    fault('validTo must be after validFrom');
  }
  if (id === undefined || version === undefined || article === undefined || note === undefined)
    return undefined;
  if (validFromMs === undefined || validToMs === undefined || trigger === undefined) return undefined;
  if (categories === undefined || urgencies === undefined || hosts === undefined) return undefined;
  if (hours === undefined || pausedBy === undefined) return undefined;
  const limitMs = hours * HOUR_MS;
  const condition = { trigger, categories, urgencies, hosts };
  return { id, version, article, note, validFromMs, validToMs, ...condition, limitMs, pausedBy };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isWhole = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
const readMs = (value: unknown): number | undefined =>
  isText(value) ? readInstant(value)?.instantMs : undefined;

function some<T extends string>(value: unknown, of: readonly T[]): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map((entry: unknown) => of.find((known) => known === entry));
  return found.every((entry) => entry !== undefined) && new Set(found).size === found.length
    ? found
    : undefined;
}

function anyOrSome<T extends string>(value: unknown, of: readonly T[]): readonly T[] | null | undefined {
  if (value === null) return null;
  const found = some(value, of);
  return found === undefined || found.length === 0 ? undefined : found;
}

/** Of one id, versions follow one another: never two in force at once, never one number twice. */
function clashes(rules: readonly Rule[]): string[] {
  const faults: string[] = [];
  const ordered = [...rules].sort((a, b) => a.version - b.version);
  const last = new Map<string, Rule>();
  for (const rule of ordered) {
    const before = last.get(rule.id);
    last.set(rule.id, rule);
    if (before === undefined) continue;
    if (before.version === rule.version) faults.push(`${rule.id}: version ${rule.version} occurs twice`);
    else if (before.validToMs === null || before.validToMs > rule.validFromMs) {
      faults.push(`${rule.id}: version ${rule.version} begins before version ${before.version} ends`);
    }
  }
  return faults;
}
