import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { GetReportRequestSchema, GetReportResponseSchema } from '@lachan/proto/report-service';
import { ReportBuffer } from './buffer.js';
import { Connection } from './connection.js';
import { Delivery } from './delivery.js';
import { ReportEncoder, reportIdOf, type ReportInit } from './encode-report.js';
import { toSettings, type ReporterOptions, type Settings } from './options.js';
import {
  LachanError,
  toOutcomes,
  unsent,
  type Receipt,
  type ReportOutcomes,
  type Unsent,
} from './receipt.js';
import { SpooledDelivery, type SpoolStats } from './spooled-delivery.js';

/**
 * Numbers since the Reporter was made; every `report()` ends in one of accepted, rejected, unsent.
 * With a spool they count verdicts, however told, and those of reports restored, but no SPOOLED.
 */
export interface ReporterStats {
  /** Reports that wait to be sent, or to be sent again. */
  readonly buffered: number;
  /** Reports sent and not answered. */
  readonly inFlight: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unsent: number;
  /** How often a report was put back to be sent again. */
  readonly retries: number;
  /** Absent without a spool. */
  readonly spool?: SpoolStats;
}

/**
 * Reports harmful content to the authority, from within a platform.
 *
 * It never blocks and never crashes its host: `report()` returns at once, never throws, and its
 * promise never rejects. Memory is bounded by `maxBufferedReports` and `maxBufferedBytes`. While
 * reports wait for receipts, the process is kept alive, at most until their deadlines; an idle
 * Reporter lets go of it after two seconds, so that a script may simply end.
 *
 * With `spool`, every report is on the disk before it is sent and until it has its receipt, and
 * memory holds at most twice the bounds. See `SpoolOptions`.
 */
export class Reporter {
  readonly #settings: Settings;
  readonly #buffer: ReportBuffer;
  readonly #encoder: ReportEncoder;
  readonly #connection: Connection;
  readonly #delivery: Delivery;
  readonly #spooled: SpooledDelivery | undefined;
  #closing: Promise<void> | undefined;

  /** Throws one TypeError that names every fault of the options. Connects with the first report, its own or one restored. */
  constructor(options: ReporterOptions) {
    this.#settings = toSettings(options);
    this.#buffer = new ReportBuffer(this.#settings);
    this.#encoder = new ReportEncoder(this.#settings.maxBatchBytes);
    this.#connection = new Connection(this.#settings);
    this.#delivery = new Delivery(this.#settings, this.#connection, this.#buffer);
    const { spool } = this.#settings;
    this.#spooled = spool && new SpooledDelivery(this.#settings, spool, this.#buffer, this.#delivery);
  }

  /**
   * Sends one report and resolves with its receipt: ACCEPTED (durable at the authority), REJECTED
   * (with every reason) or UNSENT (no verdict, with why). Sets `reported_at` where it is absent.
   * The report may be changed as soon as this returns.
   */
  report(report: ReportInit): Promise<Receipt> {
    if (this.#closing !== undefined) {
      return this.#answerNow(
        unsent(reportIdOf(report), 'CLOSED', 'the Reporter is closed; nothing was sent'),
      );
    }
    const refusal = this.#refusal(report);
    if (refusal !== undefined) return this.#answerNow(refusal);
    const encoded = this.#encoder.encode(report, this.#settings.clock.wallMs());
    if (!encoded.ok) return this.#answerNow(encoded.receipt);
    return new Promise((resolve) => {
      const { reportId, bytes } = encoded;
      if (this.#spooled !== undefined) this.#spooled.add(reportId, bytes, resolve);
      else this.#delivery.add(reportId, bytes, resolve, this.#settings.deadlineMs);
    });
  }

  /** Resolves when there is room for a report, or the Reporter has closed: await it between reports of a bulk. */
  ready(): Promise<void> {
    if (this.#closing !== undefined) return Promise.resolve();
    return this.#spooled?.room() ?? this.#buffer.room();
  }

  /**
   * What became of the accepted sendings of the caller's report; undefined until the first has
   * landed (seconds after ACCEPTED), and for reports never accepted. Rejects with `LachanError`.
   */
  async lookup(reportId: string): Promise<ReportOutcomes | undefined> {
    if (this.#closing !== undefined) throw new LachanError('CANCELLED', 'the Reporter is closed', undefined);
    const request = toBinary(GetReportRequestSchema, create(GetReportRequestSchema, { reportId }));
    const result = await this.#connection.ask('getReport', request, this.#settings.answerTimeoutMs);
    if (result.ok) return toOutcomes(fromBinary(GetReportResponseSchema, result.bytes));
    const { code, message, retryDelayMs } = result.failure;
    if (code === 'NOT_FOUND') return undefined;
    throw new LachanError(code, message, retryDelayMs);
  }

  stats(): ReporterStats {
    const { waiting, tally } = this.#buffer;
    return {
      buffered: waiting + (this.#spooled?.queued ?? 0),
      inFlight: this.#delivery.inFlight,
      ...tally,
      retries: this.#delivery.retries,
      ...(this.#spooled && { spool: this.#spooled.stats }),
    };
  }

  /**
   * Takes no more reports, sends what is left and resolves when all have their receipts, or after
   * `deadlineMs` (default 10,000) with UNSENT/CLOSED for the rest; with a spool the rest stays on
   * the disk, UNSENT/SPOOLED. Never rejects; safe to call again.
   */
  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    return (this.#closing ??= (this.#spooled ?? this.#delivery).close(options.deadlineMs ?? 10_000));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refusal(report: ReportInit): Unsent | undefined {
    if (this.#spooled !== undefined) return this.#spooled.refusal(reportIdOf(report));
    if (this.#buffer.hasRoom) return undefined;
    const message = 'too many reports wait for their receipts; nothing was sent; wait for ready()';
    return unsent(reportIdOf(report), 'BUFFER_FULL', message);
  }

  #answerNow(receipt: Receipt): Promise<Receipt> {
    this.#buffer.count(receipt);
    return Promise.resolve(receipt);
  }
}
