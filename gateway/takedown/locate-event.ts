// Which case an event is about. Derives, and judges nothing: whether it may say so is for validation.
import { Buffer } from 'node:buffer';
import type { TakedownEvent } from '@lachan/proto/takedown';
import { canonicalise, type CanonicalRefusal, type CanonicalUrl } from '../canonicalise.js';
import { locationKeyOfUrl } from '../identify.js';
import { HASH_DOMAINS, type KeyedHash } from '../keyed-hash.js';
import { normalised } from '../normalise.js';
import type { Actor } from './actor.js';

export interface Located {
  /** Of its URL; undefined where there is none, or one too long to be read. */
  readonly url: CanonicalUrl | CanonicalRefusal | undefined;
  /** 16 bytes; undefined where the event names no case, or two. */
  readonly key: Buffer | undefined;
}

/** Limit of the contract: beyond it validation refuses without reading. */
const MAX_URL_LENGTH = 8_192;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function locateEvent(
  { location, locationKey }: Pick<TakedownEvent, 'location' | 'locationKey'>,
  actor: Omit<Actor, 'mayImport'>,
  keyed: KeyedHash,
): Located {
  if (location === undefined) return { url: undefined, key: keyIn(locationKey) };
  const { url: text, contentId, serviceName } = location;
  const url = text === '' || text.length > MAX_URL_LENGTH ? undefined : canonicalise(text);
  if (locationKey !== '' || (text !== '' && contentId !== '')) return { url, key: undefined };
  if (url?.kind === 'canonical') return { url, key: locationKeyOfUrl(keyed, actor.environment, url) };
  const providerId = actor.role === 'PROVIDER' ? actor.id : location.providerId;
  if (text !== '' || contentId === '' || serviceName === '' || providerId === '')
    return { url, key: undefined };
  const parts = [actor.environment, providerId, normalised(serviceName), contentId];
  return { url, key: keyed.of(HASH_DOMAINS.locationOfContentId, ...parts) };
}

/** The 16 bytes of a UUID as text; undefined for anything else. */
export function keyIn(text: string): Buffer | undefined {
  return UUID.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : undefined;
}
