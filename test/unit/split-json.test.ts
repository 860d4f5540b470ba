import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitJson, type JsonText } from '../../cli/submit/split-json.js';

const LIMIT = 1000;

async function split(text: string, pieces = 1, limit = LIMIT): Promise<JsonText[]> {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  async function* chunks(): AsyncGenerator<string> {
    for (let at = 0; at < text.length; at += size) {
      await Promise.resolve();
      yield text.slice(at, at + size);
    }
  }
  const found: JsonText[] = [];
  for await (const one of splitJson(chunks(), limit)) found.push(one);
  return found;
}
const texts = async (text: string): Promise<(string | undefined)[]> =>
  (await split(text)).map((one) => one.text);

describe('a file of JSON is cut into its documents', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
  const layout = fc.constantFrom<(documents: readonly object[]) => string>(
    (documents) => documents.map((one) => JSON.stringify(one)).join('\n'),
    (documents) => documents.map((one) => `${JSON.stringify(one)}\r\n`).join('\r\n'),
    (documents) => documents.map((one) => JSON.stringify(one, undefined, 2)).join('\n'),
    (documents) => documents.map((one) => JSON.stringify(one, undefined, '\t')).join(''),
    (documents) => JSON.stringify(documents),
    (documents) => `\uFEFF ${JSON.stringify(documents, undefined, 2)}\n`,
  );

  it('whatever the documents, the layout and the pieces in which it comes', async () => {
    const files = fc.record({
      documents: fc.array(object, { maxLength: 5 }),
      layout,
      pieces: fc.integer({ min: 1, max: 99 }),
    });
    await fc.assert(
      fc.asyncProperty(files, async (file) => {
        const found = await split(file.layout(file.documents), file.pieces, 100_000);
        expect(found.map(({ text }): unknown => JSON.parse(text ?? ''))).toEqual(
          file.documents.map((one): unknown => JSON.parse(JSON.stringify(one))),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('and each is told with the line on which it begins', async () => {
    const found = await split('\n{"a":\n1}\n\n{"b":2} {"c":3}\n');
    expect(found).toEqual([
      { line: 2, text: '{"a":\n1}' },
      { line: 5, text: '{"b":2}' },
      { line: 5, text: '{"c":3}' },
    ]);
  });

  it('nothing is found in nothing', async () => {
    expect(await texts('')).toEqual([]);
    expect(await texts(' \n\t\r\n')).toEqual([]);
    expect(await texts('[]')).toEqual([]);
  });
});

describe('a broken document', () => {
  it.each([
    ['a string without end', '{"x":"abc'],
    ['a bracket too few', '{"x":{"y":1}'],
    ['a bracket too few in a list', '{"x":[1,2'],
    ['a bare word', 'word'],
    ['a bare text', '"text"'],
  ])('(%s) costs only itself', async (_, broken) => {
    expect(await texts(`{"a":1}\n${broken}\n{"b":2}\n{"c":3}\n`)).toEqual([
      '{"a":1}',
      expect.stringContaining(broken),
      '{"b":2}',
      '{"c":3}',
    ]);
    expect(await texts(`${broken}\n{"b":2}`)).toEqual([expect.stringContaining(broken), '{"b":2}']);
  });

  it.each([['{"x":'], ['{"x":1,'], ['{"x":[']])(
    '(%s) costs at most the one behind it too',
    async (broken) => {
      const found = await texts(`{"a":1}\n${broken}\n{"b":2}\n{"c":3}\n{"d":4}`);
      expect(found).toEqual(['{"a":1}', expect.stringContaining(broken), '{"c":3}', '{"d":4}']);
    },
  );

  it('with a bracket too many costs only itself', async () => {
    expect(await texts('{"a":1}}\n{"b":2}')).toEqual(['{"a":1}', '}', '{"b":2}']);
  });

  it('at the end of a file that was cut off is told', async () => {
    expect(await texts('{"a":1}\n{"b":')).toEqual(['{"a":1}', '{"b":']);
    expect(await texts('[{"a":1},')).toEqual(['{"a":1}', '[']);
  });
});

describe('a document that is too long', () => {
  it('is told without its text, and what comes behind it is read', async () => {
    const long = JSON.stringify({ x: 'y'.repeat(LIMIT) });
    for (const pieces of [1, 50]) {
      expect(await split(`${long}\n{"b":2}`, pieces)).toEqual([
        { line: 1, text: undefined },
        { line: 2, text: '{"b":2}' },
      ]);
    }
  });
});
