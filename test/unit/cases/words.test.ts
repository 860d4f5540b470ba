import { describe, expect, it } from 'vitest';
import { bothOf, eventWords, refusalWords, stageWords, statusWords } from '../../../cli/takedown/words.js';
import { EVENT_TYPES, STAGES, STATUSES } from '../../../takedown/event-types.js';
import { REFUSAL_REASONS } from '../../../takedown/refusal-reasons.js';

describe('the words of takedown', () => {
  const lists: readonly (readonly [string, readonly string[], typeof statusWords])[] = [
    ['status', STATUSES, statusWords],
    ['stage', STAGES, stageWords],
    ['event', EVENT_TYPES, eventWords],
    ['refusal', REFUSAL_REASONS, refusalWords],
  ];
  it.each(lists)('every %s has Vietnamese and English words, and no two share them', (_, names, wordsOf) => {
    const all = names.map((name) => wordsOf(name));
    for (const { vi, en } of all) {
      expect(vi).toMatch(/\p{L}/u);
      expect(en).toMatch(/^[a-z]/);
    }
    expect(new Set(all.map(({ vi }) => vi)).size).toBe(names.length);
    expect(new Set(all.map(({ en }) => en)).size).toBe(names.length);
  });

  it('what a later version adds is shown by its name', () => {
    expect(bothOf(statusWords('SOMETHING_NEW'))).toBe('SOMETHING_NEW');
    expect(bothOf(stageWords('TRIAGE'))).toBe('sàng lọc / triage');
  });
});
