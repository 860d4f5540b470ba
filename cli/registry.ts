// The registries: who may report, who acts for the authority, and who answers for which locations.
import { randomBytes } from 'node:crypto';
import { tokenHash } from '../gateway/authenticate.js';
import type { Environment } from '../schemas/vocabulary.js';
import { writeHoldings } from '../store/addressees.js';
import { writeOperator } from '../store/operators.js';
import { writeCredential } from '../store/providers.js';
import { selectHoldings, type Holding } from '../store/queries/addressees.js';
import { selectOperators, type OperatorCredential, type OperatorRole } from '../store/queries/operators.js';
import { selectCredentials, type Credential } from '../store/queries/providers.js';
import type { Store } from '../store/store.js';
import { checkHoldings, noticeKey, type Holdings } from './holdings.js';
import { OperationRefusal } from './operation-refusal.js';

export interface NewProvider {
  readonly provider_id: string;
  readonly environment: Environment;
  /** Shown this once; only its hash is kept. */
  readonly token: string;
}

export interface NewOperator {
  readonly operator_id: string;
  readonly environment: Environment;
  readonly role: OperatorRole;
  readonly may_import: boolean;
  /** Shown this once; only its hash is kept. */
  readonly token: string;
}

export interface RegistryOperations {
  addProvider(name: string, environment: Environment): Promise<NewProvider>;
  listProviders(): Promise<readonly Credential[]>;
  /** Revokes the credentials named by provider id or by the beginning of their hash; returns how many. */
  revokeProvider(which: string): Promise<number>;
  addOperator(
    name: string,
    environment: Environment,
    role: OperatorRole,
    mayImport: boolean,
  ): Promise<NewOperator>;
  listOperators(): Promise<readonly OperatorCredential[]>;
  /** As `revokeProvider`. */
  revokeOperator(which: string): Promise<number>;
  /** From now on this provider answers for these; returns how many are new. All or none. */
  own(providerId: string, holdings: Holdings): Promise<number>;
  /** It no longer does; returns for how many. */
  disown(providerId: string, holdings: Holdings): Promise<number>;
  /** Locations of its notices are sealed to this key (PEM) from now on, in place of the one before. */
  setNoticeKey(providerId: string, pem: string): Promise<void>;
  /** What is held now, keys too; undefined: by whomever. */
  listHoldings(providerId?: string): Promise<readonly Holding[]>;
}

const TOKEN_PREFIX = 'lachan_';
const PROVIDER_ID = /^[A-Za-z0-9_.-]{1,100}$/;

export function registryOperations(store: Store, onChanged: () => Promise<void>): RegistryOperations {
  const select = store.select.bind(store);
  return {
    async addProvider(name, environment) {
      const providerId = slug(name);
      const token = newToken();
      await writeCredential(store, {
        credentialHash: tokenHash(token),
        providerId,
        name: name.normalize('NFC'),
        environment,
        createdAtMs: Date.now(),
        revokedAtMs: null,
      });
      await onChanged();
      return { provider_id: providerId, environment, token };
    },
    listProviders: () => selectCredentials(select),
    async revokeProvider(which) {
      const credentials = (await selectCredentials(select)).filter(
        (credential) => credential.revokedAt === '' && isNamed(which, credential.providerId, credential),
      );
      if (credentials.length === 0) throw new OperationRefusal(`no valid credential belongs to ${which}`);
      for (const credential of credentials) {
        await writeCredential(store, {
          ...credential,
          createdAtMs: msOf(credential.createdAt),
          revokedAtMs: Date.now(),
        });
      }
      await onChanged();
      return credentials.length;
    },
    async addOperator(name, environment, role, mayImport) {
      const operatorId = slug(name);
      const token = newToken();
      await writeOperator(store, {
        credentialHash: tokenHash(token),
        operatorId,
        name: name.normalize('NFC'),
        environment,
        role,
        mayImport,
        createdAtMs: Date.now(),
        revokedAtMs: null,
      });
      await onChanged();
      return { operator_id: operatorId, environment, role, may_import: mayImport, token };
    },
    listOperators: () => selectOperators(select),
    async revokeOperator(which) {
      const credentials = (await selectOperators(select)).filter(
        (credential) => credential.revokedAt === '' && isNamed(which, credential.operatorId, credential),
      );
      if (credentials.length === 0) throw new OperationRefusal(`no valid credential belongs to ${which}`);
      for (const credential of credentials) {
        await writeOperator(store, {
          ...credential,
          createdAtMs: msOf(credential.createdAt),
          revokedAtMs: Date.now(),
        });
      }
      await onChanged();
      return credentials.length;
    },
    async own(providerId, holdings) {
      checkProvider(providerId);
      const wanted = checkHoldings(holdings);
      const held = await selectHoldings(select);
      const others = wanted.flatMap((one) =>
        held
          .filter((other) => isSame(one, other) && other.providerId !== providerId)
          .map((other) => `${other.value} is held by ${other.providerId}`),
      );
      if (others.length > 0) throw new OperationRefusal(`${others.join('; ')}: disown it there first`);
      const added = wanted.filter((one) => !held.some((other) => isSame(one, other)));
      const addedAtMs = Date.now();
      await writeHoldings(
        store,
        added.map((one) => ({ ...one, providerId, addedAtMs, removedAtMs: null })),
      );
      await onChanged();
      return added.length;
    },
    async disown(providerId, holdings) {
      const unwanted = checkHoldings(holdings);
      const held = (await selectHoldings(select)).filter((one) => one.providerId === providerId);
      const missing = unwanted.filter((one) => !held.some((other) => isSame(one, other)));
      if (missing.length > 0)
        throw new OperationRefusal(
          `${providerId} does not hold ${missing.map(({ value }) => value).join(', ')}`,
        );
      const removed = held.filter((other) => unwanted.some((one) => isSame(one, other)));
      await writeHoldings(store, removed.map(removal(Date.now())));
      await onChanged();
      return removed.length;
    },
    async setNoticeKey(providerId, pem) {
      checkProvider(providerId);
      const value = noticeKey(pem);
      const before = (await selectHoldings(select)).filter(
        (one) => one.kind === 'NOTICE_KEY' && one.providerId === providerId,
      );
      const nowMs = Date.now();
      await writeHoldings(store, [
        ...before.filter((one) => one.value !== value).map(removal(nowMs)),
        { kind: 'NOTICE_KEY', value, providerId, addedAtMs: nowMs, removedAtMs: null },
      ]);
      await onChanged();
    },
    async listHoldings(providerId) {
      const held = await selectHoldings(select);
      return providerId === undefined ? held : held.filter((one) => one.providerId === providerId);
    },
  };
}

function newToken(): string {
  return TOKEN_PREFIX + randomBytes(32).toString('base64url');
}

function isNamed(
  which: string,
  id: string,
  { credentialHash }: { readonly credentialHash: string },
): boolean {
  return id === which || (/^[0-9a-f]{8,64}$/.test(which) && credentialHash.startsWith(which));
}

function isSame(one: Pick<Holding, 'kind' | 'value'>, other: Pick<Holding, 'kind' | 'value'>): boolean {
  return one.kind === other.kind && one.value === other.value;
}

/** Later than the row that it takes the place of, whatever the clock says. */
function removal(nowMs: number) {
  return ({ kind, value, providerId, addedAt }: Holding) => {
    const addedAtMs = msOf(addedAt);
    return { kind, value, providerId, addedAtMs, removedAtMs: Math.max(nowMs, addedAtMs + 1) };
  };
}

/** Whoever answers for a location need not report, so it need not have a credential. */
function checkProvider(providerId: string): void {
  if (!PROVIDER_ID.test(providerId))
    throw new OperationRefusal('a provider id is 1 to 100 of A-Z, a-z, 0-9, _, . and -');
}

function msOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}

/** `Lá Chắn Demo 1` → `la-chan-demo-1`. */
function slug(name: string): string {
  const id = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[đĐ]/g, 'd')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  if (id === '' || id.length > 100) {
    throw new OperationRefusal('a name needs letters or digits, at most 100 of them');
  }
  return id;
}
