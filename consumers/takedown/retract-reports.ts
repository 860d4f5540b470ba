// A report that its provider takes back: an event for the case of each of its locations.
import { createHash } from 'node:crypto';
import { selectRetractedLocations, type RecordRange } from '../../store/queries/landed-reports.js';
import { caseKey } from './case-keys.js';
import { appendOwn, type AppendingOwn } from './append-own.js';
import { ownRecord } from './own-record.js';
import type { KeepingCases } from './keep-cases.js';

/** Appends RETRACTED for each location of each report of the range that is retracted; the same again has the same id. */
export async function retractReports(
  deps: Pick<KeepingCases, 'select'> & AppendingOwn,
  range: RecordRange,
): Promise<void> {
  const retracted = await selectRetractedLocations(deps.select, range);
  await appendOwn(
    deps,
    retracted.map((one) => {
      const { reportId, providerId, revision, atMs } = one;
      const key = caseKey(one);
      const parts = [key.environment, key.locationKey, reportId, revision];
      return ownRecord(key, {
        id: createHash('sha256')
          .update(JSON.stringify(['RETRACTED', ...parts]))
          .digest('hex')
          .slice(0, 32),
        type: 'RETRACTED',
        actorRole: 'PROVIDER',
        actorId: providerId,
        reportId,
        occurredAtMs: atMs,
        observedAtMs: atMs,
      });
    }),
  );
}
