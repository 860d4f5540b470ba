// What the process that is killed writes, and the test that kills it expects to find.

export const CRASH_TOPIC = 'test-topic';

/** The value of record `index` of an append: all of it follows from its name and place. */
export const valueOf = (append: string, index: number): string =>
  `${append}/${index}/${'x'.repeat((append.length * 37 + index * 101) % 700)}`;
