// Operations by name over loopback HTTP: one POST each, arguments as a JSON array, {"result"} or {"error"} back.
import { ENVIRONMENTS } from '../../schemas/vocabulary.js';
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
    case 'logRecords':
      return operations.logRecords();
  }
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new OperationRefusal('a text is missing');
  return value;
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) throw new OperationRefusal('parameters are missing');
  return Object.fromEntries(Object.entries(value).map(([key, given]) => [key, text(given)]));
}
