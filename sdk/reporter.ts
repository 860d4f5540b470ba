import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { GetReportRequestSchema, GetReportResponseSchema } from '@lachan/proto/report-service';
import { ReportBuffer } from './buffer.js';
import { Connection } from './connection.js';
import { Delivery } from './delivery.js';
import { ReportEncoder, reportIdOf, type ReportInit } from './encode-report.js';
import { toSettings, type ReporterOptions, type Settings } from './options.js';
import { LachanError, toOutcomes, unsent, type Receipt, type ReportOutcomes } from './receipt.js';

/** Numbers since the Reporter was made; every `report()` ends in one of accepted, rejected, unsent. */
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
}

/**
 * Reports harmful content to the authority, from within a platform.
 *
 * It never blocks and never crashes its host: `report()` returns at once, never throws, and its
 * promise never rejects. Memory is bounded by `maxBufferedReports` and `maxBufferedBytes`. While
 * reports wait for receipts, the process is kept alive, at most until their deadlines; an idle
 * Reporter lets go of it after two seconds, so that a script may simply end.
 */
export class Reporter {
  readonly #settings: Settings;
  readonly #buffer: ReportBuffer;
  readonly #encoder: ReportEncoder;
  readonly #connection: Connection;
  readonly #delivery: Delivery;
  #closing: Promise<void> | undefined;

  /** Throws one TypeError that names every fault of the options. Connects with the first report. */
  constructor(options: ReporterOptions) {
    this.#settings = toSettings(options);
    this.#buffer = new ReportBuffer(this.#settings);
    this.#encoder = new ReportEncoder(this.#settings.maxBatchBytes);
    this.#connection = new Connection(this.#settings);
    this.#delivery = new Delivery(this.#settings, this.#connection, this.#buffer);
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
    if (!this.#buffer.hasRoom) {
      const message = 'too many reports wait for their receipts; nothing was sent; wait for ready()';
      return this.#answerNow(unsent(reportIdOf(report), 'BUFFER_FULL', message));
    }
    const encoded = this.#encoder.encode(report, this.#settings.clock.wallMs());
    if (!encoded.ok) return this.#answerNow(encoded.receipt);
    return new Promise((resolve) => {
      this.#delivery.add(encoded.reportId, encoded.bytes, resolve);
    });
  }

  /** Resolves when there is room for a report, or the Reporter has closed: await it between reports of a bulk. */
  ready(): Promise<void> {
    return this.#closing === undefined ? this.#buffer.room() : Promise.resolve();
  }

  /**
   * What became of the accepted sendings of the caller's report; undefined until the first has
   * landed (seconds after ACCEPTED), and for reports never accepted. Rejects with `LachanError`.
   */
  async lookup(reportId: string): Promise<ReportOutcomes | undefined> {
    if (this.#closing !== undefined) throw new LachanError('CANCELLED', 'the Reporter is closed', undefined);
    const request = toBinary(GetReportRequestSchema, create(GetReportRequestSchema, { reportId }));
    const result = await this.#connection.getReport(request, this.#settings.answerTimeoutMs);
    if (result.ok) return toOutcomes(fromBinary(GetReportResponseSchema, result.bytes));
    const { code, message, retryDelayMs } = result.failure;
    if (code === 'NOT_FOUND') return undefined;
    throw new LachanError(code, message, retryDelayMs);
  }

  stats(): ReporterStats {
    const { waiting, tally } = this.#buffer;
    return {
      buffered: waiting,
      inFlight: this.#delivery.inFlight,
      ...tally,
      retries: this.#delivery.retries,
    };
  }

  /**
   * Takes no more reports, sends what is left and resolves when all have their receipts, or after
   * `deadlineMs` (default 10,000) with UNSENT/CLOSED for the rest. Never rejects; safe to call again.
   */
  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#delivery.close(options.deadlineMs ?? 10_000));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #answerNow(receipt: Receipt): Promise<Receipt> {
    this.#buffer.count(receipt);
    return Promise.resolve(receipt);
  }
}
