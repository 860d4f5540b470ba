// Operations by name over loopback HTTP: one POST each, arguments as a JSON array, {"result"} or {"error"} back.
import {
  DEAD_LETTER_REASONS,
  ENVIRONMENTS,
  type DeadLetterReason,
  type Environment,
} from '../../schemas/vocabulary.js';
import { OPERATOR_ROLES } from '../../store/queries/operators.js';
import type { Holdings } from '../holdings.js';
import { OperationRefusal } from '../operation-refusal.js';
import type { Operations } from '../operations.js';

export const OPERATION_NAMES = [
  'addProvider',
  'listProviders',
  'revokeProvider',
  'addOperator',
  'listOperators',
  'revokeOperator',
  'own',
  'disown',
  'setNoticeKey',
  'listHoldings',
  'figure',
  'audit',
  'migrate',
  'sealed',
  'sealedEvents',
  'deadLetters',
  'deadLetter',
  'replayDeadLetters',
  'logRecords',
] as const satisfies readonly (keyof Operations)[];
export type OperationName = (typeof OPERATION_NAMES)[number];

/** Checks what came over the wire and performs it. */
export function performOperation(
  operations: Operations,
  name: OperationName,
  args: readonly unknown[],
): Promise<unknown> {
  switch (name) {
    case 'addProvider':
      return operations.addProvider(text(args[0]), environmentIn(args[1]));
    case 'listProviders':
      return operations.listProviders();
    case 'revokeProvider':
      return operations.revokeProvider(text(args[0]));
    case 'addOperator': {
      const role = OPERATOR_ROLES.find((known) => known === args[2]);
      if (role === undefined) throw new OperationRefusal('an unknown role');
      return operations.addOperator(text(args[0]), environmentIn(args[1]), role, args[3] === true);
    }
    case 'listOperators':
      return operations.listOperators();
    case 'revokeOperator':
      return operations.revokeOperator(text(args[0]));
    case 'own':
      return operations.own(text(args[0]), holdingsIn(args[1]));
    case 'disown':
      return operations.disown(text(args[0]), holdingsIn(args[1]));
    case 'setNoticeKey':
      return operations.setNoticeKey(text(args[0]), text(args[1]));
    case 'listHoldings':
      return operations.listHoldings(args[0] === undefined ? undefined : text(args[0]));
    case 'figure':
      return operations.figure(text(args[0]), texts(args[1]), Number(args[2] ?? 0));
    case 'audit':
      return operations.audit();
    case 'migrate':
      return operations.migrate();
    case 'sealed':
      return operations.sealed(text(args[0]));
    case 'sealedEvents':
      return operations.sealedEvents(text(args[0]));
    case 'deadLetters': {
      const { sinceMs, withReplayed, withReplays, ...which } = membersOf(args[0]);
      const filter = {
        ...whichOf(which),
        sinceMs: sinceMs === undefined ? undefined : wholeNumber(sinceMs),
        withReplayed: withReplayed === true,
        withReplays: withReplays === true,
      };
      return operations.deadLetters(filter, wholeNumber(args[1]));
    }
    case 'deadLetter':
      return operations.deadLetter(text(args[0]));
    case 'replayDeadLetters': {
      const { again, ends, ...which } = membersOf(args[0]);
      const request = {
        ...whichOf(which),
        again: again === true,
        ends: ends === undefined ? undefined : list(ends).map(wholeNumber),
      };
      return operations.replayDeadLetters(request, wholeNumber(args[1]));
    }
    case 'logRecords':
      return operations.logRecords();
  }
}

function environmentIn(value: unknown): Environment {
  const environment = ENVIRONMENTS.find((known) => known === value);
  if (environment === undefined) throw new OperationRefusal('an unknown environment');
  return environment;
}

function holdingsIn(value: unknown): Holdings {
  const { domains, asns, cidrs } = membersOf(value);
  return {
    domains: list(domains).map(text),
    asns: list(asns).map(text),
    cidrs: list(cidrs).map(text),
  };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new OperationRefusal('a text is missing');
  return value;
}

function whichOf({ ids, reason }: Readonly<Record<string, unknown>>): {
  readonly ids: readonly string[] | undefined;
  readonly reason: DeadLetterReason | undefined;
} {
  const known = DEAD_LETTER_REASONS.find((one) => one === reason);
  if (known !== reason) throw new OperationRefusal('an unknown reason');
  return { ids: ids === undefined ? undefined : list(ids).map(text), reason: known };
}

function wholeNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new OperationRefusal('a whole number is missing');
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new OperationRefusal('a list is missing');
  return value;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new OperationRefusal('parameters are missing');
  return Object.fromEntries(Object.entries(value));
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) throw new OperationRefusal('parameters are missing');
  return Object.fromEntries(Object.entries(value).map(([key, given]) => [key, text(given)]));
}
