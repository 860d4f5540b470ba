// The way of a batch through the gateway. Reads downwards: admit, read, validate, identify, seal, publish, answer.
import type { Report } from '@lachan/proto/report';
import { Rule, StreamReportsResponseSchema, SubmitReportsResponseSchema } from '@lachan/proto/report-service';
import { LogFault, type Log, type LogRecord } from '../log/log.js';
import { REPORTS_TOPIC } from '../log/topics.js';
import type { Admission } from './admission.js';
import type { Caller } from './authenticate.js';
import { canonicalise, type CanonicalRefusal, type CanonicalUrl } from './canonicalise.js';
import type { DataKeys } from './data-keys.js';
import type { Content } from './decode-report.js';
import { digest, identify, newIdentity } from './identify.js';
import type { KeyedHash } from './keyed-hash.js';
import { readBatch, type BatchMessage } from './read-batch.js';
import type { Refusal } from './refusal.js';
import { Rejections } from './reject.js';
import { validate } from './validate.js';
import { fault, violation, type Violation } from './violation.js';
import { ReceiptWriter } from './write-receipts.js';
import { RecordWriter, type RecordContext } from './write-record.js';

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
  | {
      readonly kind: 'receipts';
      readonly batchSequence: number;
      /** One for each report, in order: the bytes of the field `receipts` of the response to the message. */
      readonly receipts: Uint8Array;
    }
  | {
      readonly kind: 'wait';
      readonly batchSequence: number;
      readonly retryAfterMs: number;
      readonly message: string;
      /** The log does not answer, which is nothing that the caller has done. */
      readonly isUnavailable?: boolean;
    }
  | { readonly kind: 'refused'; readonly batchSequence: number; readonly violations: readonly Violation[] };

const WAIT_FOR_LOG_MS = 1_000;
/** Limits of the contract: beyond them validation refuses without reading. */
const MAX_LOCATIONS = 16;
const MAX_URL_LENGTH = 8_192;
/** The log takes no larger one, and would refuse the whole batch for it. */
const MAX_RECORD_BYTES = 1_048_576;
const tooLarge = violation('', fault(Rule.LENGTH, 'Too large: of one report, 1 MiB can be kept at most.'));

/** Which field of the response the receipts are. */
const RECEIPTS = {
  SubmitReportsRequest: SubmitReportsResponseSchema.field.receipts.number,
  StreamReportsRequest: StreamReportsResponseSchema.field.receipts.number,
} as const;

/** Answers one batch of one caller. Rejects only with a fault of our own. */
export async function receive(
  bytes: Uint8Array,
  message: BatchMessage,
  caller: Caller,
  dependencies: ReceiveDependencies,
): Promise<Answer> {
  const { admission, dataKeys, keyed, log, nowMs, onReceived } = dependencies;

  const batch = readBatch(bytes, message);
  if (batch.kind === 'refused') return batch;

  const ticket = admission.admit(bytes.length);
  if (!('release' in ticket)) return { kind: 'wait', batchSequence: batch.batchSequence, ...ticket };
  try {
    const receivedAtMs = nowMs();
    const context = { ...caller, receivedAtMs, keyed, sealer: dataKeys.current() };
    const writer = new RecordWriter(context, batch.size);
    const receipts = new ReceiptWriter(RECEIPTS[message], receivedAtMs, batch.size);
    const rejections = new Rejections(caller, keyed);
    const records: LogRecord[] = [];
    for (const entry of batch.entries) {
      const { index, report } = entry;
      if (report === undefined) {
        receipts.reject(rejections.of(index, undefined, entry.violations));
        continue;
      }
      const verdicts = canonicalised(report);
      const violations = validate(report, receivedAtMs, verdicts);
      if (violations.length > 0) {
        receipts.reject(rejections.of(index, report, violations));
        continue;
      }
      const record = recordOf(report, entry.content, verdicts, context, writer);
      if (record.value.length > MAX_RECORD_BYTES) {
        receipts.reject(rejections.of(index, report, [tooLarge]));
        continue;
      }
      records.push(record);
      receipts.accept(index, report, identity.authorityReportId);
    }

    if (records.length > 0) await log.append(REPORTS_TOPIC, records);

    onReceived({ accepted: records.length, rejected: batch.size - records.length });
    return { kind: 'receipts', batchSequence: batch.batchSequence, receipts: receipts.end() };
  } catch (error) {
    if (!(error instanceof LogFault) || !error.retryable) throw error;
    return {
      kind: 'wait',
      batchSequence: batch.batchSequence,
      retryAfterMs: WAIT_FOR_LOG_MS,
      message: 'The report log cannot take more at the moment; please send again later.',
      isUnavailable: error.code === 'UNAVAILABLE',
    };
  } finally {
    ticket.release();
  }
}

/** The answer as a SubmitReportsResponse, of which the receipts are all there is, or why there is none. */
export function submitResponse(answer: Answer): Uint8Array | Refusal {
  switch (answer.kind) {
    case 'receipts':
      return answer.receipts;
    case 'wait':
      return {
        kind: answer.isUnavailable === true ? 'unavailable' : 'wait',
        retryAfterMs: answer.retryAfterMs,
        message: answer.message,
      };
    case 'refused':
      return { kind: 'invalid', violations: answer.violations };
  }
}

/** Of the report that is being worked on. */
const identity = newIdentity();

/** The record of a good report. Its key: all copies and revisions of a report meet in one partition. */
function recordOf(
  report: Report,
  content: Content,
  canonicalUrls: readonly (CanonicalUrl | CanonicalRefusal | undefined)[],
  { keyed, environment, providerId }: RecordContext,
  writer: RecordWriter,
): LogRecord {
  identify(keyed, environment, providerId, report.reportId, report.revision, identity);
  const digests = digest(keyed, report, content, identity.recordKey);
  return writer.write(report, identity, digests, canonicalUrls);
}

/** What validation reads, and no more: a report may claim thousands of locations. */
function canonicalised({ locations }: Report): readonly (CanonicalUrl | CanonicalRefusal | undefined)[] {
  const verdicts: (CanonicalUrl | CanonicalRefusal | undefined)[] = [];
  for (let i = 0; i < locations.length && i < MAX_LOCATIONS; i += 1) {
    const url = locations[i]?.url ?? '';
    verdicts.push(url === '' || url.length > MAX_URL_LENGTH ? undefined : canonicalise(url));
  }
  return verdicts;
}
