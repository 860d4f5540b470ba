import { inspect } from 'node:util';
import { Takedowns } from '@lachan/sdk';
import { describe, expect, it } from 'vitest';
import { toTakedownSettings } from '../../sdk/takedown-options.js';
import { toWatchSettings } from '../../sdk/watch-options.js';

const TOKEN = 'lachan-token-that-nobody-may-see';
const GIVEN = { endpoint: 'gateway.lachan-demo-1.vn:443', token: TOKEN };

function faultsOf(decide: () => unknown): string {
  try {
    decide();
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return error instanceof Error ? error.message : '';
  }
}

describe('options of Takedowns', () => {
  it('have defaults for everything but endpoint and token', () => {
    expect(toTakedownSettings(GIVEN)).toMatchObject({
      security: { tls: true },
      lingerMs: 20,
      maxBufferedActions: 10_000,
      deadlineMs: 30_000,
      answerTimeoutMs: 10_000,
      silenceMs: 75_000,
      retry: { initialMs: 100, maxMs: 5_000 },
    });
  });

  it('are refused with every fault at once, and never with the token', () => {
    const wrong = { ...GIVEN, endpoint: 'nowhere', silenceMs: 0, spool: {}, retry: { maxMs: 1 } };
    const message = faultsOf(() => new Takedowns(wrong));
    expect(message).toMatch(/Takedowns.*spool is not an option.*endpoint.*retry\.maxMs.*silenceMs/);
    expect(message).not.toContain(TOKEN);
  });

  it('never print the token', () => {
    expect(inspect(toTakedownSettings(GIVEN), { depth: 9 })).not.toContain(TOKEN);
  });
});

describe('options of a watch', () => {
  const handler = (): void => undefined;

  it('have defaults for everything', () => {
    expect(toWatchSettings(handler, {})).toMatchObject({
      cursor: '',
      saveCursor: undefined,
      concurrency: 8,
      maxPending: 256,
      retry: { initialMs: 1_000, maxMs: 60_000 },
    });
  });

  it.each<[string, object, string]>([
    ['a misspelt option', { cursors: '' }, 'cursors is not an option'],
    ['a cursor that is no text', { cursor: 7 }, 'cursor must be a string'],
    ['a callback that is none', { saveCursor: 'file' }, 'saveCursor must be a function'],
    ['nobody to tell faults to', { onFault: true }, 'onFault must be a function'],
    ['no handlers at once', { concurrency: 0 }, 'concurrency'],
    ['no memory', { maxPending: 0 }, 'maxPending'],
    ['a pause that shrinks', { retry: { initialMs: 9_000, maxMs: 10 } }, 'retry.maxMs'],
  ])('refuse %s', (_, options, fault) => {
    expect(faultsOf(() => toWatchSettings(handler, options))).toContain(fault);
  });

  it('refuse a handler that is none', () => {
    expect(faultsOf(() => toWatchSettings(undefined, {}))).toContain('handler');
  });
});
