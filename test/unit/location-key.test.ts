import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalise } from '../../gateway/canonicalise.js';
import { locationKeyOfUrl } from '../../gateway/identify.js';
import type { Location } from '../../schemas/report-record.js';
import { ENVIRONMENTS } from '../../schemas/vocabulary.js';
import { keyed, recordOf } from '../support/gateway-records.js';
import { good, type Init } from '../support/reports.js';

type Place = NonNullable<Init['locations']>[number];
type From = Parameters<typeof recordOf>[1];

function locationOf(place: Place, from?: From, serviceName = ''): Location {
  const [location] = recordOf({ ...good, serviceName, locations: [place] }, from).locations;
  if (location === undefined) throw new Error('no location');
  return location;
}
const keyOf = (place: Place, from?: From, serviceName?: string): string =>
  Buffer.from(locationOf(place, from, serviceName).key).toString('hex');

describe('the key of a URL', () => {
  it.each([
    ['https://lachan-demo-1.vn/x', 'HTTPS://Lachan-Demo-1.VN:443/x#part'],
    ['https://lachan-demo-1.vn/x', 'https://user:secret@lachan-demo-1.vn/./a/../x'],
    ['https://lachan-demo-1.vn/', 'https://lachan-demo-1.vn'],
    ['http://192.0.2.1/', 'http://3221225985'],
    ['https://xn--bcher-kva.example/', 'https://b\u00fccher.example'],
  ])('is the same for %s and %s', (a, b) => {
    expect(keyOf({ url: a })).toBe(keyOf({ url: b }));
  });

  it('is the same exactly where the canonical forms are', () => {
    const host = fc.constantFrom('lachan-demo-1.vn', 'LACHAN-demo-1.vn', 'lachan-demo-2.vn');
    const tail = fc.constantFrom('', '/', '/x', '/x?', '/x?y', '/./x', '/x#z', ':443/x', ':444/x', '//x');
    const url = fc.tuple(fc.constantFrom('https://', 'http://', 'https://me@'), host, tail);
    fc.assert(
      fc.property(url, url, fc.constantFrom(...ENVIRONMENTS), (a, b, environment) => {
        const [one, other] = [canonicalise(a.join('')), canonicalise(b.join(''))];
        if (one.kind === 'refused' || other.kind === 'refused') throw new Error('both are URLs');
        const key = keyOf({ url: a.join('') }, { environment });
        expect(key === keyOf({ url: b.join('') }, { environment })).toBe(one.url === other.url);
        expect(key).toBe(locationKeyOfUrl(keyed, environment, one).toString('hex'));
      }),
    );
  });

  it('is the same for every provider', () => {
    const place = { url: 'https://lachan-demo-1.vn/x' };
    expect(keyOf(place, { providerId: 'provider-b' })).toBe(keyOf(place));
  });

  it('is another in the other environment', () => {
    const place = { url: 'https://lachan-demo-1.vn/x' };
    expect(keyOf(place, { environment: 'PRODUCTION' })).not.toBe(keyOf(place, { environment: 'TEST' }));
  });
});

describe('the key of a content id', () => {
  const place: Place = { contentId: 'c-1', serviceName: 's' };

  it('is another for another provider, service, id or environment', () => {
    const keys = [
      keyOf(place),
      keyOf(place, { providerId: 'provider-b' }),
      keyOf(place, { environment: 'PRODUCTION' }),
      keyOf({ ...place, serviceName: 't' }),
      keyOf({ ...place, contentId: 'c-2' }),
      keyOf({ serviceName: 'sc', contentId: '-1' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("takes the report's service where the location names none", () => {
    expect(keyOf({ contentId: 'c-1' }, {}, 's')).toBe(keyOf(place));
    expect(keyOf(place, {}, 'another')).toBe(keyOf(place));
    expect(locationOf({ contentId: 'c-1' }, {}, 's').serviceName).toBe('s');
  });

  it('compares the id as given, and the service in normal form C', () => {
    const [composed, decomposed] = ['\u00e1', 'a\u0301'];
    expect(keyOf({ ...place, contentId: composed })).not.toBe(keyOf({ ...place, contentId: decomposed }));
    expect(keyOf({ ...place, serviceName: composed })).toBe(keyOf({ ...place, serviceName: decomposed }));
    expect(locationOf({ ...place, serviceName: decomposed }).serviceName).toBe(composed);
  });

  it('never meets the key of a URL', () => {
    const url = 'https://lachan-demo-1.vn/x';
    expect(keyOf({ contentId: url, serviceName: 's' })).not.toBe(keyOf({ url }));
  });
});

describe('what is open of a location', () => {
  it('is the host, its registrable domain and whether that is Vietnamese', () => {
    expect(locationOf({ url: 'https://a.lachan-demo-1.com.vn/x' })).toMatchObject({
      host: 'a.lachan-demo-1.com.vn',
      registrableDomain: 'lachan-demo-1.com.vn',
      isVnDomain: true,
      serviceName: '',
      hostIp: '',
    });
  });

  it('is nothing but the service, for a content id', () => {
    expect(locationOf(place('203.0.113.7'))).toMatchObject({
      host: '',
      registrableDomain: '',
      isVnDomain: false,
      serviceName: 's',
      hostIp: '203.0.113.7',
    });
  });

  it("is the address of the host: as reported, else the URL's own", () => {
    expect(locationOf({ url: 'http://[2001:db8::1]/', hostIp: '192.0.2.1' }).hostIp).toBe('192.0.2.1');
    expect(locationOf({ url: 'http://[2001:db8::1]/' }).hostIp).toBe('2001:db8::1');
  });

  const place = (hostIp: string): Place => ({ contentId: 'c', serviceName: 's', hostIp });
});
