// What the client's errors mean for the log.
import { setTimeout as after } from 'node:timers/promises';

import { LogFault } from './log.js';

/** The broker's own name of an error, as in `NOT_COORDINATOR`; undefined when no broker has answered. */
export function errorTypeOf(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause)
    if ('type' in one && typeof one.type === 'string') return one.type;
  return undefined;
}

/** The request itself is at fault: no broker will ever take it. */
const REFUSALS: readonly (string | undefined)[] = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'GROUP_MAX_SIZE_REACHED',
  'OFFSET_METADATA_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
];

export const isRefusal = (error: unknown): boolean => REFUSALS.includes(errorTypeOf(error));

/** The group has gone on without this member: what it owned belongs to others. */
const LOST: readonly (string | undefined)[] = [
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
];

export const meansLost = (error: unknown): boolean => LOST.includes(errorTypeOf(error));

export function isWrongCredentials(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one.name === 'KafkaJSSASLAuthenticationError') return true;
  return errorTypeOf(error) === 'SASL_AUTHENTICATION_FAILED';
}

/** Short and without content: the broker's name of the error, else the client's. */
export const reasonOf = (error: unknown): string =>
  errorTypeOf(error) ?? (error instanceof Error ? `${error.name}: ${error.message}` : 'unknown');

export function toFault(what: string, cause: unknown): LogFault {
  if (cause instanceof LogFault) return cause;
  const reason = reasonOf(cause);
  return isRefusal(cause)
    ? new LogFault('REFUSED', `Kafka refuses ${what}: ${reason}.`, { cause })
    : new LogFault('UNAVAILABLE', `Kafka has not answered ${what}: ${reason}.`, { cause });
}

/** No answer in time: what has become of the request is unknown. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** One broker is away; nothing was sent to it, and the others can be asked. */
const AWAY: readonly unknown[] = ['ECONNREFUSED', 'KafkaJSBrokerNotFound', 'KafkaJSGroupCoordinatorNotFound'];

/**
 * Whether the connections had better be given up. The client would keep a connection on which nobody answers, and when
 * one of a broker's two connections has ended, it may open several in its place and forget all but the last.
 */
export function isBroken(error: unknown): boolean {
  if (error instanceof LogFault || errorTypeOf(error) !== undefined) return false;
  for (let one = error; one instanceof Error; one = one.cause)
    if (AWAY.includes(one.name) || ('code' in one && AWAY.includes(one.code))) return false;
  return true;
}

/** The request was sent and is unanswered on a connection that stands: it may still be carried out, whenever. */
export function isUnresolved(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one instanceof NoAnswer || one.name === 'KafkaJSRequestTimeoutError') return true;
  return false;
}

/** Rejects `NoAnswer` when `answer` takes longer than `limitMs`. Some of the client's promises never settle. */
export async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  const answered = new AbortController();
  try {
    return await Promise.race([answer, tooLate(limitMs, answered.signal)]);
  } finally {
    answered.abort();
  }
}

async function tooLate(limitMs: number, signal: AbortSignal): Promise<never> {
  await after(limitMs, undefined, { signal });
  throw new NoAnswer(`no answer within ${limitMs} ms`);
}

/** Resolves after `ms`, or as soon as one of the signals aborts. */
export function pauseUnless(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of signals)
      if (signal.aborted) end();
      else signal.addEventListener('abort', end);
  });
}
