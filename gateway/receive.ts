// The way of a batch through the gateway. Reads downwards: admit, read, validate, identify, seal, publish, answer.
import type { Buffer } from 'node:buffer';
import { timestampFromMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import type { Report } from '@lachan/proto/report';
import { ReceiptStatus, Rule, type Receipt } from '@lachan/proto/report-service';
import { LogFault, type Log, type LogRecord } from '../log/log.js';
import { REPORTS_TOPIC } from '../log/topics.js';
import { reportRecordCodec } from '../schemas/record-codec.js';
import type { ReportRecord } from '../schemas/report-record.js';
import type { Admission } from './admission.js';
import type { Caller } from './authenticate.js';
import { canonicalise, type CanonicalRefusal, type CanonicalUrl } from './canonicalise.js';
import type { DataKeys } from './data-keys.js';
import { digest, identify } from './identify.js';
import type { KeyedHash } from './keyed-hash.js';
import { missingFields } from './missing-fields.js';
import { readBatch, type BatchMessage } from './read-batch.js';
import { RecordSlab } from './record-slab.js';
import { Rejections } from './reject.js';
import { toRecord } from './to-record.js';
import { uuidText } from './uuid-text.js';
import { validate } from './validate.js';
import { fault, violation, type Violation } from './violation.js';

export interface ReceiveDependencies {
  readonly log: Pick<Log, 'append'>;
  readonly keyed: KeyedHash;
  readonly dataKeys: Pick<DataKeys, 'current'>;
  readonly admission: Admission;
  readonly nowMs: () => number;
  /** Told what was decided, in numbers only. */
  readonly onReceived: (counts: ReceivedCounts) => void;
}

export interface ReceivedCounts {
  readonly accepted: number;
  readonly rejected: number;
}

/** What becomes of a batch. `batchSequence` is 0 where the batch has none. */
export type Answer =
  | { readonly kind: 'receipts'; readonly batchSequence: number; readonly receipts: Receipt[] }
  | {
      readonly kind: 'wait';
      readonly batchSequence: number;
      readonly retryAfterMs: number;
      readonly message: string;
    }
  | { readonly kind: 'refused'; readonly batchSequence: number; readonly violations: readonly Violation[] };

const WAIT_FOR_LOG_MS = 1_000;
/** Limits of the contract: beyond them validation refuses without reading. */
const MAX_LOCATIONS = 16;
const MAX_URL_LENGTH = 8_192;
/** The log takes no larger one, and would refuse the whole batch for it. */
const MAX_RECORD_BYTES = 1_048_576;
const tooLarge = violation('', fault(Rule.LENGTH, 'Too large: of one report, 1 MiB can be kept at most.'));

/** Answers one batch of one caller. Rejects only with a fault of our own. */
export async function receive(
  bytes: Uint8Array,
  message: BatchMessage,
  caller: Caller,
  dependencies: ReceiveDependencies,
): Promise<Answer> {
  const { admission, keyed, log, nowMs, onReceived } = dependencies;

  const batch = readBatch(bytes, message);
  if (batch.kind === 'refused') return batch;

  const ticket = admission.admit(bytes.length);
  if (!('release' in ticket)) return { kind: 'wait', batchSequence: batch.batchSequence, ...ticket };
  try {
    const receivedAtMs = nowMs();
    const receivedAt = timestampFromMs(receivedAtMs);
    const records: LogRecord[] = [];
    const slab = new RecordSlab(reportRecordCodec, batch.size);
    const rejections = new Rejections(caller, keyed);
    const receipts = Array.from(batch.entries, (entry, index) => {
      if (entry.report === undefined) return rejections.of(index, undefined, entry.violations);
      const { report } = entry;
      const verdicts = canonicalised(report);
      const violations = validate(report, receivedAtMs, verdicts);
      if (violations.length > 0) return rejections.of(index, report, violations);
      const record = sealed(entry, verdicts.map(canonicalOnly), receivedAtMs, caller, slab, dependencies);
      if (record.value.length > MAX_RECORD_BYTES) return rejections.of(index, report, [tooLarge]);
      records.push(record);
      return acceptance(index, report, record.key, receivedAt);
    });

    if (records.length > 0) await log.append(REPORTS_TOPIC, records);

    onReceived({ accepted: records.length, rejected: receipts.length - records.length });
    return { kind: 'receipts', batchSequence: batch.batchSequence, receipts };
  } catch (error) {
    if (!(error instanceof LogFault) || !error.retryable) throw error;
    const wait = 'The report log cannot take more at the moment; please send again later.';
    return { kind: 'wait', batchSequence: batch.batchSequence, retryAfterMs: WAIT_FOR_LOG_MS, message: wait };
  } finally {
    ticket.release();
  }
}

/** The record of a good report. Its key: all copies and revisions of a report meet in one partition. */
function sealed(
  { report, bytes }: { readonly report: Report; readonly bytes: Uint8Array },
  canonicalUrls: readonly (CanonicalUrl | undefined)[],
  receivedAtMs: number,
  { environment, providerId }: Caller,
  slab: RecordSlab<ReportRecord>,
  { keyed, dataKeys }: ReceiveDependencies,
): LogRecord & { readonly key: Buffer } {
  const identity = identify(keyed, environment, providerId, report.reportId, report.revision);
  const digests = digest(keyed, report, bytes, identity.recordKey);
  const sealer = dataKeys.current();
  const context = { environment, providerId, receivedAtMs, keyed, sealer };
  const record = toRecord(report, identity, digests, canonicalUrls, context);
  return { key: identity.authorityReportId, value: slab.encode(record) };
}

/** The receipt that becomes true once the record is durable. Written out: `create` costs a twentieth of the gateway. */
function acceptance(
  index: number,
  report: Report,
  authorityReportId: Buffer,
  receivedAt: Timestamp,
): Receipt {
  return {
    $typeName: 'lachan.v1.Receipt',
    index,
    reportId: report.reportId,
    authorityReportId: uuidText(authorityReportId),
    status: ReceiptStatus.ACCEPTED,
    violations: [],
    receivedAt,
    missingFields: missingFields(report),
  };
}

/** What validation reads, and no more: a report may claim thousands of locations. */
function canonicalised({ locations }: Report): readonly (CanonicalUrl | CanonicalRefusal | undefined)[] {
  const readable = locations.length > MAX_LOCATIONS ? locations.slice(0, MAX_LOCATIONS) : locations;
  return readable.map(({ url }) =>
    url === '' || url.length > MAX_URL_LENGTH ? undefined : canonicalise(url),
  );
}

function canonicalOnly(verdict: CanonicalUrl | CanonicalRefusal | undefined): CanonicalUrl | undefined {
  return verdict?.kind === 'canonical' ? verdict : undefined;
}
