// Operations by name over loopback HTTP: one POST each, arguments as a JSON array, {"result"} or {"error"} back.
import { DEAD_LETTER_REASONS, ENVIRONMENTS, type DeadLetterReason } from '../../schemas/vocabulary.js';
import { OperationRefusal } from '../operation-refusal.js';
import type { Operations } from '../operations.js';

export const OPERATION_NAMES = [
  'addProvider',
  'listProviders',
  'revokeProvider',
  'figure',
  'audit',
  'migrate',
  'sealed',
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
    case 'addProvider': {
      const environment = ENVIRONMENTS.find((known) => known === args[1]);
      if (environment === undefined) throw new OperationRefusal('an unknown environment');
      return operations.addProvider(text(args[0]), environment);
    }
    case 'listProviders':
      return operations.listProviders();
    case 'revokeProvider':
      return operations.revokeProvider(text(args[0]));
    case 'figure':
      return operations.figure(text(args[0]), texts(args[1]), Number(args[2] ?? 0));
    case 'audit':
      return operations.audit();
    case 'migrate':
      return operations.migrate();
    case 'sealed':
      return operations.sealed(text(args[0]));
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
