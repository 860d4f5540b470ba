import { describe, expect, it } from 'vitest';

import { formatPosition, parsePosition } from '../../schemas/log-position.js';

describe('the name of a place in the log', () => {
  it.each(['1:0:0', 'takedowns:1:0:7', '4294967295:4294967295:9007199254740991'])(
    'is read as it is written: %s',
    (text) => {
      expect(formatPosition(parsePosition(text)!)).toBe(text);
    },
  );

  it.each([
    '',
    '1:0',
    '0:0:1',
    '1:0:-1',
    '01:0:1',
    '1:0:1 ',
    '1:0:1.5',
    '4294967296:0:1',
    '1:4294967296:1',
    '1:0:9007199254740992',
    '1:0:1:2',
    'reports:1:0:1',
    'takedowns:',
  ])('is nothing else: "%s"', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });
});
