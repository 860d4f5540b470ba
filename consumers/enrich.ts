import type { Lookups } from './lookups/load-lookups.js';

/** What the address of a host tells about a location. */
export interface Hosting {
  /** ISO 3166-1 alpha-2; empty when not known. */
  readonly country: string;
  /** Autonomous system number; 0 when not known. */
  readonly asn: number;
}

/** Makes the step: a pure function of a location over the lookups. */
export function createEnrich(lookups: Lookups): (location: { readonly ip: string }) => Hosting {
  return function enrichLocation(location) {
    return { country: lookups.country(location.ip), asn: lookups.asn(location.ip) };
  };
}
