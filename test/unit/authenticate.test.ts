import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openAuthenticator, tokenHash } from '../../gateway/authenticate.js';

const TOKEN = 'lachan_abcdefghijklmnopqrstuvwxyz-0123456789';
const TEST_TOKEN = 'lachan_ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789';

/** A row as the store returns it. */
interface Row {
  readonly token: string;
  readonly provider?: string;
  readonly environment?: string;
  readonly revoked?: string;
}
const rowOf = ({ token, provider = 'provider-a', environment = 'PRODUCTION', revoked = '' }: Row) => ({
  credential_hash: createHash('sha256').update(token).digest('hex'),
  provider_id: provider,
  name: provider,
  environment,
  created: '2026-11-01 00:00:00.000',
  revoked,
});

/** A registry that the test changes. */
class Registry {
  rows: Row[];
  fault: Error | undefined;
  constructor(...rows: Row[]) {
    this.rows = rows;
  }
  readonly select = (): Promise<readonly ReturnType<typeof rowOf>[]> =>
    this.fault === undefined ? Promise.resolve(this.rows.map(rowOf)) : Promise.reject(this.fault);
}

const caller = { providerId: 'provider-a', environment: 'PRODUCTION' };
const REVOKED_AT = '2026-11-02 00:00:00.000';

describe('a caller', () => {
  it('is known by its token, with the environment of the credential', async () => {
    const registry = new Registry(
      { token: TOKEN },
      { token: TEST_TOKEN, provider: 'provider-b', environment: 'TEST' },
    );
    const authenticator = await openAuthenticator(registry.select);
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toEqual(caller);
    expect(authenticator.authenticate(`Bearer ${TEST_TOKEN}`)).toEqual({
      providerId: 'provider-b',
      environment: 'TEST',
    });
  });

  it('may write the scheme in any case', async () => {
    const authenticator = await openAuthenticator(new Registry({ token: TOKEN }).select);
    expect(authenticator.authenticate(`bearer ${TOKEN}`)).toEqual(caller);
    expect(authenticator.authenticate(`BEARER ${TOKEN}`)).toEqual(caller);
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['the scheme alone', 'Bearer '],
    ['the token alone', TOKEN],
    ['another scheme', `Basic ${TOKEN}`],
    ['two blanks', `Bearer  ${TOKEN}`],
    ['something before', ` Bearer ${TOKEN}`],
    ['something behind', `Bearer ${TOKEN} `],
    ['two tokens', `Bearer ${TOKEN}, Bearer ${TOKEN}`],
    ['a line end', `Bearer ${TOKEN}\n`],
    ['an unknown token', `Bearer ${TOKEN}x`],
    ['the token in another case', `Bearer ${TOKEN.toUpperCase()}`],
    ['the hash of the token', `Bearer ${tokenHash(TOKEN)}`],
    ['an endless token', `Bearer ${'a'.repeat(100_000)}`],
    ['a name of every object', 'Bearer constructor__________'],
  ])('is not known by %s', async (_, header) => {
    const authenticator = await openAuthenticator(new Registry({ token: TOKEN }).select);
    expect(authenticator.authenticate(header)).toBeUndefined();
  });

  it('is not known by a revoked token, while another one of the same provider is good', async () => {
    const registry = new Registry({ token: TOKEN, revoked: REVOKED_AT }, { token: TEST_TOKEN });
    const authenticator = await openAuthenticator(registry.select);
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toBeUndefined();
    expect(authenticator.authenticate(`Bearer ${TEST_TOKEN}`)).toEqual(caller);
  });
});

describe('the registry', () => {
  it('is followed by a refresh: new tokens are good, revoked ones are not', async () => {
    const registry = new Registry({ token: TOKEN });
    const authenticator = await openAuthenticator(registry.select);
    registry.rows = [{ token: TOKEN, revoked: REVOKED_AT }, { token: TEST_TOKEN }];
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toEqual(caller);
    await authenticator.refresh();
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toBeUndefined();
    expect(authenticator.authenticate(`Bearer ${TEST_TOKEN}`)).toEqual(caller);
  });

  it('stays as it was when it cannot be read', async () => {
    const registry = new Registry({ token: TOKEN });
    const authenticator = await openAuthenticator(registry.select);
    registry.fault = new Error('the store does not answer');
    await expect(authenticator.refresh()).rejects.toBe(registry.fault);
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toEqual(caller);
  });

  it('stays as it was when a row of it makes no sense', async () => {
    const registry = new Registry({ token: TOKEN });
    const authenticator = await openAuthenticator(registry.select);
    registry.rows = [{ token: TEST_TOKEN, environment: 'STAGING' }];
    await expect(authenticator.refresh()).rejects.toThrow(TypeError);
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toEqual(caller);
  });

  it('must have been read before anybody is let in', async () => {
    const registry = new Registry({ token: TOKEN });
    registry.fault = new Error('the store does not answer');
    await expect(openAuthenticator(registry.select)).rejects.toBe(registry.fault);
  });

  it('never takes back a revocation because an older reading of it comes late', async () => {
    const answers: ((rows: readonly Row[]) => void)[] = [];
    const select = (): Promise<readonly ReturnType<typeof rowOf>[]> =>
      new Promise((resolve) => answers.push((rows) => resolve(rows.map(rowOf))));
    const opening = openAuthenticator(select);
    answers[0]?.([{ token: TOKEN }]);
    const authenticator = await opening;
    const [slow, quick] = [authenticator.refresh(), authenticator.refresh()];
    answers[2]?.([{ token: TOKEN, revoked: REVOKED_AT }]);
    await quick;
    answers[1]?.([{ token: TOKEN }]);
    await slow;
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toBeUndefined();
  });
});

describe('the hash of a token', () => {
  it('is its SHA-256 in hexadecimal', () => {
    expect(tokenHash('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
