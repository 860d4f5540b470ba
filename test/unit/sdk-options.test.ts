import { format, inspect } from 'node:util';
import { Reporter } from '@lachan/sdk';
import { describe, expect, it } from 'vitest';
import { toSettings, type ReporterOptions } from '../../sdk/options.js';

const TOKEN = 'lachan-token-that-nobody-may-see';
const GIVEN: ReporterOptions = { endpoint: 'gateway.lachan-demo-1.vn:443', token: TOKEN };

function faultsOf(options: object): string {
  try {
    toSettings({ ...GIVEN, ...options });
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return error instanceof Error ? error.message : '';
  }
}

describe('options of the Reporter', () => {
  it('have defaults for everything but endpoint and token', () => {
    expect(toSettings(GIVEN)).toMatchObject({
      maxBatchReports: 500,
      maxBatchBytes: 1_048_576,
      lingerMs: 20,
      maxBufferedReports: 10_000,
      maxBufferedBytes: 16_777_216,
      maxInFlightBatches: 16,
      deadlineMs: 30_000,
      retry: { initialMs: 100, maxMs: 5_000 },
    });
  });

  it('are refused with every fault at once', () => {
    const message = faultsOf({
      endpoint: 'https://gateway.example',
      token: '',
      lingerMs: -1,
      maxBatchReports: 1_001,
    });
    expect(message).toContain('endpoint');
    expect(message).toContain('token');
    expect(message).toContain('lingerMs');
    expect(message).toContain('maxBatchReports');
  });

  it.each([
    ['an endpoint without a port', { endpoint: 'gateway.example' }, 'endpoint'],
    ['an endpoint with a scheme', { endpoint: 'https://gateway.example:443' }, 'endpoint'],
    ['a port beyond 65,535', { endpoint: 'gateway.example:65536' }, 'endpoint'],
    ['a token with a line break', { token: 'a\nb' }, 'token'],
    ['a token that is not a string', { token: 7 }, 'token'],
    ['a misspelt option', { lingerms: 5 }, 'lingerms is not an option'],
    ['a fraction where a whole number belongs', { maxBufferedReports: 1.5 }, 'maxBufferedReports'],
    ['text where a number belongs', { deadlineMs: '30s' }, 'deadlineMs'],
    ['retry bounds in the wrong order', { retry: { initialMs: 500, maxMs: 100 } }, 'retry.maxMs'],
    ['retry that is no object', { retry: 3 }, 'retry must be an object'],
    ['tls that is neither yes, no nor certificates', { tls: 'yes' }, 'tls'],
    ['a spool without a directory', { spool: {} }, 'spool.directory'],
    ['a spool that is no object', { spool: '/var/spool' }, 'spool.directory'],
    ['a misspelt option of the spool', { spool: { directory: 's', maxbytes: 1 } }, 'spool.maxbytes is not'],
    ['a spool too small to be of use', { spool: { directory: 's', maxBytes: 1_000 } }, 'spool.maxBytes'],
    ['a callback that is none', { spool: { directory: 's', onReceipt: 'log' } }, 'spool.onReceipt'],
    ['a clock that does not tell both times', { clock: { wallMs: () => 0 } }, 'clock'],
  ])('refuse %s', (_, options, fault) => {
    expect(faultsOf(options)).toContain(fault);
  });

  it('refuse a Reporter of an untyped caller who forgot them altogether', () => {
    const none: unknown = undefined;
    expect(() => new Reporter(none as ReporterOptions)).toThrow(/endpoint.*token/);
  });

  it.each([
    ['localhost:4443', false],
    ['127.0.0.1:4443', false],
    ['[::1]:4443', false],
    ['192.0.2.7:4443', true],
    ['[2001:db8::7]:4443', true],
    ['localhost.lachan-demo-1.vn:4443', true],
    ['gateway.example:443', true],
  ])('to %s take TLS by default: %s', (endpoint, tls) => {
    expect(toSettings({ ...GIVEN, endpoint }).security.tls).toBe(tls);
  });

  it('let the token travel in the open only to this machine, or where that is said in so many words', () => {
    expect(faultsOf({ tls: false })).toContain('insecure');
    expect(faultsOf({ tls: false, insecure: true })).toBe('');
    expect(faultsOf({ tls: false, endpoint: 'localhost:4443' })).toBe('');
  });

  it("trust the given certificate authorities in place of the system's", () => {
    const { security } = toSettings({ ...GIVEN, tls: { rootCertificates: 'PEM' } });
    expect(security).toEqual({ tls: true, rootCertificates: Buffer.from('PEM') });
  });

  it('never show the token, however a Reporter, its settings or a fault are printed', () => {
    const settings = toSettings(GIVEN);
    const reporter = new Reporter(GIVEN);
    const prints = [settings, reporter, { reporter, settings }].flatMap((value) => [
      inspect(value, { depth: Infinity, showHidden: true }),
      JSON.stringify(value),
      format('%s %o', value, value),
    ]);
    prints.push(String(settings.token), faultsOf({ lingerMs: -1 }), faultsOf({ token: `${TOKEN} ` }));
    for (const print of prints) expect(print).not.toContain(TOKEN);
  });
});
