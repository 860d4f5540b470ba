// The topics of Lachan. A topic's name carries the version of what its records mean.

/** Every accepted report, sealed. Key: hash of (environment, provider, report_id), so that all copies of a report meet. */
export const REPORTS_TOPIC = 'lachan.reports.v1';

/** Data keys of gateways, wrapped to the authority's public key; each stands here before its first use. */
export const DATA_KEYS_TOPIC = 'lachan.data-keys.v1';

/** Events of cases. Key: `location_key`, so that all events of a case meet. */
export const TAKEDOWNS_TOPIC = 'lachan.takedowns.v1';
