// A gateway without its transport: everything that `receive` needs, with a log that the test holds.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Report } from '@lachan/proto/report';
import {
  StreamReportsRequestSchema,
  StreamReportsResponseSchema,
  SubmitReportsRequestSchema,
  SubmitReportsResponseSchema,
  type Receipt,
} from '@lachan/proto/report-service';
import { Admission, type AdmissionLimits } from '../../gateway/admission.js';
import type { Caller } from '../../gateway/authenticate.js';
import { receive, type Answer, type ReceivedCounts } from '../../gateway/receive.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { isUnreadable, reportRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import { keyed, sealer } from './gateway-records.js';
import { HeldLog } from './held-log.js';
import { RECEIVED_AT_MS } from './reports.js';

export const caller: Caller = { providerId: 'provider-a', environment: 'TEST' };

export class Receiving {
  readonly log = new HeldLog();
  readonly counts: ReceivedCounts[] = [];
  readonly admission: Admission;
  landingLag = 0;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    const all = { maxInFlightBytes: 1_000_000, maxLandingLag: 1_000, creditPerStream: 500, ...limits };
    this.admission = new Admission(all, () => this.landingLag);
  }

  /** As one batch of a SubmitReports call. */
  submit(reports: readonly Report[], from = caller): Promise<Answer> {
    return this.submitBytes(submitBytes(reports), from);
  }

  submitBytes(bytes: Uint8Array, from = caller): Promise<Answer> {
    return receive(bytes, 'SubmitReportsRequest', from, this);
  }

  /** As one batch of a stream. */
  stream(batchSequence: number, reports: readonly Report[], from = caller): Promise<Answer> {
    return receive(streamBytes(batchSequence, reports), 'StreamReportsRequest', from, this);
  }

  /** What is durable, in order. */
  records(): ReportRecord[] {
    return this.log.records(REPORTS_TOPIC).map(({ value }) => {
      const record = reportRecordCodec.decode(value);
      if (isUnreadable(record)) throw new Error('not a record of a report');
      return record;
    });
  }

  // What `receive` depends on.
  readonly keyed = keyed;
  readonly dataKeys = { current: () => sealer };
  readonly nowMs = (): number => RECEIVED_AT_MS;
  readonly onReceived = (counts: ReceivedCounts): void => void this.counts.push(counts);
}

export function submitBytes(reports: readonly Report[]): Uint8Array {
  return toBinary(SubmitReportsRequestSchema, create(SubmitReportsRequestSchema, { reports: [...reports] }));
}

export function streamBytes(batchSequence: number, reports: readonly Report[]): Uint8Array {
  const request = { batchSequence: BigInt(batchSequence), reports: [...reports] };
  return toBinary(StreamReportsRequestSchema, create(StreamReportsRequestSchema, request));
}

export function receiptsOf(answer: Answer): readonly Receipt[] {
  if (answer.kind !== 'receipts') throw new Error(`no receipts: ${answer.kind}`);
  const schema = answer.batchSequence === 0 ? SubmitReportsResponseSchema : StreamReportsResponseSchema;
  return fromBinary<typeof SubmitReportsResponseSchema | typeof StreamReportsResponseSchema>(
    schema,
    answer.receipts,
  ).receipts;
}
