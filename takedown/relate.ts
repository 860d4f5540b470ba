// How content that was found again relates to where it was taken down.
import type { Relation } from './event-types.js';
import type { Host } from './event.js';

/** Where content was seen. `provider`: who answers for the location (the registry's addressee, else its registrable domain); empty when not known. */
export interface Sighting {
  readonly locationKey: string;
  readonly provider: string;
  readonly host: Host;
}

/** Of one location a move counts before the mere return; what is not known on both sides has not moved. */
export function relate(before: Sighting, after: Sighting): Relation {
  if (before.locationKey !== after.locationKey) {
    const isSame = before.provider !== '' && before.provider === after.provider;
    return isSame ? 'SAME_PROVIDER' : 'OTHER_PROVIDER';
  }
  if (differs(before.host.country, after.host.country)) return 'MOVED_COUNTRY';
  return differs(before.host.network, after.host.network) ? 'MOVED_HOST' : 'SAME_LOCATION';
}

function differs(before: string, after: string): boolean {
  return before !== '' && after !== '' && before !== after;
}
