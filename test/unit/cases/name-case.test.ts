import { describe, expect, it } from 'vitest';
import { nameCase } from '../../../cli/takedown/name-case.js';

describe('naming a case', () => {
  const key = '0190a5b2-93c4-8d1e-9f00-0123456789ab';

  it('goes by its key, with dashes or without, in any case', () => {
    expect(nameCase(key, {})).toEqual({ locationKey: key });
    expect(nameCase(key.replaceAll('-', '').toUpperCase(), {})).toEqual({ locationKey: key });
  });

  it('goes by its URL', () => {
    const url = 'HTTPS://lachan-demo-1.vn/p1?n=2';
    expect(nameCase(url, {})).toEqual({ location: { url } });
  });

  it('goes by the content id of a service, even one that looks like a key', () => {
    const by = { service: 'Demo', provider: 'lachan-demo-video' };
    expect(nameCase(key, by)).toEqual({
      location: { serviceName: 'Demo', contentId: key, providerId: 'lachan-demo-video' },
    });
  });

  it('refuses what names none, and does not repeat it', () => {
    const refused: readonly (readonly [string, Parameters<typeof nameCase>[1], RegExp])[] = [
      ['lachan-demo-1.vn/secret', {}, /UUID.*URL.*content id/],
      [key.slice(1), {}, /UUID/],
      ['ftp://lachan-demo-1.vn/secret', {}, /UUID/],
      ['secret', { service: 'Demo' }, /--provider/],
      ['secret', { provider: 'lachan-demo-video' }, /--service/],
    ];
    for (const [text, by, message] of refused) {
      expect(() => nameCase(text, by)).toThrow(message);
      expect(() => nameCase(text, by)).not.toThrow(/secret/);
    }
  });
});
