// The rules of one piece of content.
import { ContentTypeSchema, ItemAnnotationSchema, type Item } from '@lachan/proto/report';
import { checkFingerprint } from './check-fingerprint.js';
import { checkAddress } from './check-text.js';
import { checkTime } from './check-time.js';
import { checkCount, checkEnums, checkLength, enumRule, listRule, type ListRule } from './check-value.js';
import type { Findings } from './violation.js';

const contentType = enumRule(ContentTypeSchema);
const annotation = enumRule(ItemAnnotationSchema);

/** `fingerprints` is the rule of this item's own list. */
export function checkItem(
  found: Findings,
  at: string,
  item: Item,
  fingerprints: ListRule,
  latestMs: number,
): void {
  checkEnums(found, at, 'content_types', contentType, item.contentTypes, 8, false);
  checkCount(found, at, 'size_bytes', item.sizeBytes);
  checkTime(found, at, 'uploaded_at', item.uploadedAt, latestMs);
  checkAddress(found, at, 'uploader_ip', item.uploaderIp);
  checkEnums(found, at, 'annotations', annotation, item.annotations, 16, true);
  checkLength(found, fingerprints, item.fingerprints);
  for (let i = 0; i < item.fingerprints.length; i += 1) {
    const path = fingerprints.paths[i];
    const fingerprint = item.fingerprints[i];
    if (path === undefined || fingerprint === undefined) break;
    checkFingerprint(found, path, fingerprint);
  }
  if (item.$unknown !== undefined) found.addUnknown(at, item.$unknown);
}

/** The rule of the fingerprints of each item that `items` has room for. */
export function fingerprintLists(items: ListRule): readonly ListRule[] {
  return items.paths.map((path) => listRule(`${path}.fingerprints`, 16));
}
