import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../gateway/secret.js';

const TEXT = 'token-that-nobody-may-see';

describe('a secret', () => {
  it('is had where it is asked for', () => {
    expect(new Secret(TEXT).reveal()).toBe(TEXT);
  });

  it.each<[string, (value: Secret<string>) => string]>([
    ['a text', (value) => String(value)],
    // eslint-disable-next-line @typescript-eslint/restrict-template-expressions
    ['a template', (value) => `${value}`],
    ['JSON', (value) => JSON.stringify({ value })],
    ['an inspection', (value) => inspect({ value }, { depth: 9, showHidden: true, getters: true })],
    ['a line of a log', (value) => format('%s %o %O %j', value, value, value, value)],
    ['an error', (value) => inspect(new Error('failed', { cause: value }))],
    ['its parts', (value) => JSON.stringify([Object.entries(value), Object.getOwnPropertyNames(value)])],
  ])('does not show in %s', (_, shown) => {
    expect(shown(new Secret(TEXT))).not.toContain(TEXT);
  });
});
