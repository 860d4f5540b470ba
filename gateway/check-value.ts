// The rules of lists, of closed lists of values, and of counts.
import type { DescEnum } from '@bufbuild/protobuf';
import { Rule } from '@lachan/proto/report-service';
import { fault, type Fault, type Findings } from './violation.js';

/** How many entries a list may have, and the path of each: written once, because most are never needed. */
export interface ListRule {
  readonly path: string;
  readonly paths: readonly string[];
  readonly tooMany: Fault;
}

export function listRule(path: string, max: number): ListRule {
  const paths = Array.from({ length: max }, (_, i) => `${path}[${i}]`);
  return { path, paths, tooMany: fault(Rule.TOO_MANY, `At most ${max} entries.`) };
}

/** Tells of a list that is too long; what is beyond `rule.paths` is then left alone. */
export function checkLength(found: Findings, rule: ListRule, list: readonly unknown[]): void {
  if (list.length > rule.paths.length) found.add('', rule.path, rule.tooMany);
}

/** Checks the entries of a list, each under its path. */
export function checkEach<Entry>(
  found: Findings,
  rule: ListRule,
  list: readonly Entry[],
  check: (found: Findings, at: string, entry: Entry) => void,
): void {
  checkLength(found, rule, list);
  for (let i = 0; i < list.length; i += 1) {
    const at = rule.paths[i];
    const entry = list[i];
    if (at === undefined || entry === undefined) return;
    check(found, at, entry);
  }
}

/** Which numbers an enum of the contract has. */
export interface EnumRule {
  /** By number: 1 where this version knows it. */
  readonly known: Uint8Array;
  readonly required: Fault;
  readonly unknown: Fault;
}

export function enumRule(desc: DescEnum): EnumRule {
  const known = new Uint8Array(Math.max(...desc.values.map((value) => value.number)) + 1);
  for (const { number } of desc.values) known[number] = 1;
  const names = desc.values.flatMap((value) => (value.number === 0 ? [] : [value.localName])).join(', ');
  return {
    known,
    required: fault(Rule.REQUIRED, `Must be one of ${names}.`),
    unknown: fault(Rule.UNKNOWN_VALUE, `Must be one of ${names}.`),
  };
}

/** Unspecified is good. */
export function checkEnum(
  found: Findings,
  parent: string,
  name: string,
  rule: EnumRule,
  value: number,
): void {
  if (rule.known[value] !== 1) found.add(parent, name, rule.unknown);
}

export function checkRequiredEnum(
  found: Findings,
  parent: string,
  name: string,
  rule: EnumRule,
  value: number,
): void {
  if (value === 0) found.add(parent, name, rule.required);
  else checkEnum(found, parent, name, rule, value);
}

const repeated = fault(Rule.REPEATED, 'Each value at most once.');

/** A list of at most `max` values, none of them unspecified; `distinct`: none of them twice. */
export function checkEnums(
  found: Findings,
  parent: string,
  name: string,
  rule: EnumRule,
  values: readonly number[],
  max: number,
  distinct: boolean,
): void {
  if (values.length === 0) return;
  if (values.length > max) found.add(parent, name, fault(Rule.TOO_MANY, `At most ${max} entries.`));
  for (let i = 0; i < values.length && i < max; i += 1) {
    const value = values[i] ?? 0;
    if (value === 0 || rule.known[value] !== 1)
      checkRequiredEnum(found, parent, `${name}[${i}]`, rule, value);
    if (distinct && values.indexOf(value) < i) found.add(parent, `${name}[${i}]`, repeated);
  }
}

const MAX_COUNT = BigInt(Number.MAX_SAFE_INTEGER);
const tooLarge = fault(Rule.RANGE, 'At most 9007199254740991 (2^53-1).');

export function checkCount(found: Findings, parent: string, name: string, count: bigint): void {
  if (count > MAX_COUNT) found.add(parent, name, tooLarge);
}
