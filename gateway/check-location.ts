// The rules of one location: a URL, or the id of the content within a service.
import type { Location } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { checkAddress, checkText, line } from './check-text.js';
import { fault, type Findings } from './violation.js';

/** What validation needs to know of a canonicalised URL. */
export interface UrlVerdict {
  readonly kind: 'canonical' | 'refused';
}

const MAX_URL_BYTES = 8192;
const url = { ...line([1, MAX_URL_BYTES]), length: fault(Rule.LENGTH, `At most ${MAX_URL_BYTES} bytes.`) };
const serviceName = line([0, 200]);
const contentId = line([0, 1000]);

const notAUrl = fault(Rule.FORMAT, 'Must be an absolute http or https URL with a host.');
const noPlace = fault(Rule.REQUIRED, 'Either url or content_id must be given.');
const twoPlaces = fault(Rule.INCONSISTENT, 'Either url or content_id, not both: give two locations.');
const serviceOfUrl = fault(Rule.INCONSISTENT, 'Only together with content_id.');
const noService = fault(
  Rule.REQUIRED,
  "Must be given with content_id, here or in the report's service_name.",
);

/** `verdict` is undefined where there is no URL; a URL without a verdict is refused. */
export function checkLocation(
  found: Findings,
  at: string,
  location: Location,
  verdict: UrlVerdict | undefined,
  serviceOfReport: string,
): void {
  if (location.url === '') {
    if (location.contentId === '') found.add('', at, noPlace);
    else if (location.serviceName === '' && serviceOfReport === '') found.add(at, 'service_name', noService);
  } else {
    if (location.contentId !== '') found.add('', at, twoPlaces);
    else if (location.serviceName !== '') found.add(at, 'service_name', serviceOfUrl);
    checkUrl(found, at, location.url, verdict);
  }
  checkText(found, at, 'service_name', serviceName, location.serviceName);
  checkText(found, at, 'content_id', contentId, location.contentId);
  checkAddress(found, at, 'host_ip', location.hostIp);
  if (location.$unknown !== undefined) found.addUnknown(at, location.$unknown);
}

function checkUrl(found: Findings, at: string, text: string, verdict: UrlVerdict | undefined): void {
  checkText(found, at, 'url', url, text);
  if (text.length > MAX_URL_BYTES) return;
  // A code unit is at most three bytes, so that only long texts need counting.
  if (text.length * 3 > MAX_URL_BYTES && Buffer.byteLength(text) > MAX_URL_BYTES)
    found.add(at, 'url', url.length);
  else if (verdict?.kind !== 'canonical') found.add(at, 'url', notAUrl);
}
