// Which case a question is about: by its key, or by where the content is.
import { create } from '@bufbuild/protobuf';
import { LocationSchema } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import type { CaseLocation, TakedownEvent } from '@lachan/proto/takedown';
import { checkLocation } from '../check-location.js';
import type { KeyedHash } from '../keyed-hash.js';
import { uuidText } from '../uuid-text.js';
import { fault, Findings, violation, type Violation } from '../violation.js';
import type { Actor } from './actor.js';
import { locateEvent } from './locate-event.js';

/** Who asks. */
export type Asker = Omit<Actor, 'mayImport'>;

/** A UUID as text, or why there is none. */
export type LocatedCase = { readonly key: string } | { readonly violations: readonly Violation[] };

const onePlace = violation(
  'location',
  fault(Rule.REQUIRED, 'Either location or location_key must be given.'),
);
const twoPlaces = fault(Rule.INCONSISTENT, 'Either location or location_key, not both.');
const notAKey = violation('location_key', fault(Rule.FORMAT, 'Must be the key of a case: a UUID.'));
const whose = fault(Rule.REQUIRED, 'Must be given with content_id: the provider whose id it is.');
const ownOnly = fault(Rule.FORBIDDEN, 'Content ids are those of the caller: leave it out.');

/** `asker`: a provider's content ids are its own, an operator names whose they are. */
export function locateCase(
  asked: Pick<TakedownEvent, 'location' | 'locationKey'>,
  asker: Asker,
  keyed: KeyedHash,
): LocatedCase {
  const { location, locationKey } = asked;
  const { url, key } = locateEvent(asked, asker, keyed);
  if (location === undefined) {
    if (key !== undefined) return { key: uuidText(key) };
    return { violations: [locationKey === '' ? onePlace : notAKey] };
  }
  const found = new Findings();
  if (locationKey !== '') found.add('', 'location_key', twoPlaces);
  const { hostIp, contentId, serviceName } = location;
  const place = create(LocationSchema, { url: location.url, serviceName, contentId, hostIp });
  checkLocation(found, 'location', place, url, '');
  checkOwner(found, location, asker);
  const violations = found.result();
  if (violations.length > 0) return { violations };
  if (key === undefined) throw new Error('a good location without a key');
  return { key: uuidText(key) };
}

function checkOwner(found: Findings, { contentId, providerId }: CaseLocation, asker: Asker): void {
  if (asker.role !== 'PROVIDER') {
    if (contentId !== '' && providerId === '') found.add('location', 'provider_id', whose);
  } else if (providerId !== '' && providerId !== asker.id) found.add('location', 'provider_id', ownOnly);
}
