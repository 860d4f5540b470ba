// What would make an accepted report easier to act on. A hint, never a condition.
import { ReportKind, type Report } from '@lachan/proto/report';

/** Names of fields in order of use to the authority; none for retractions and attestations. */
export function missingFields(report: Report): string[] {
  if (report.kind === ReportKind.RETRACTION || report.kind === ReportKind.ZERO_ATTESTATION) return [];
  const missing: string[] = [];
  if (report.locations.length === 0) missing.push('locations');
  else if (report.locations.every(({ hostIp }) => hostIp === '')) missing.push('locations.host_ip');
  if (report.items.every(({ fingerprints }) => fingerprints.length === 0)) missing.push('items.fingerprints');
  if (report.contentCreatedAt === undefined) missing.push('content_created_at');
  if (report.decision === undefined) missing.push('decision');
  return missing;
}
