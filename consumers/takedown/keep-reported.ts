// Reports of what is already a case: it is folded again, with them.
import { selectReportedCases, type RecordRange } from '../../store/queries/landed-reports.js';
import { caseKeys } from './case-keys.js';
import { keepCases, type KeepingCases } from './keep-cases.js';

/** Writes the cases of `cases` that reports of the range name, and that the range is done. */
export async function keepReported(deps: KeepingCases, range: RecordRange): Promise<void> {
  const { epoch, partition, to } = range;
  const touched = caseKeys(await selectReportedCases(deps.select, range));
  await keepCases(deps, touched, { topic: 'reports', epoch, partition, to: to - 1 });
}
