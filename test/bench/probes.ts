// Whether a report just sent is there: asked through the public GetReport, over and over until it is.
import type { Buffer } from 'node:buffer';
import { create, toBinary } from '@bufbuild/protobuf';
import type { Client, Metadata } from '@grpc/grpc-js';
import { GetReportRequestSchema } from '@lachan/proto/report-service';
import type { Probe } from './generator-messages.js';
import { SERVICE, type Load } from './report-stream.js';
import { reportIdOf } from './typical-reports.js';

const ASK_EVERY_MS = 50;
const GIVE_UP_MS = 60_000;

export class Probes {
  readonly found: Probe[] = [];
  #running: Promise<void> | undefined;
  #nextAtMs = 0;

  constructor(
    private readonly client: Client,
    private readonly metadata: Metadata,
    private readonly everyMs: number,
    private readonly now: () => number,
  ) {}

  /** Follows the first report of `load`, when it is time for another probe. */
  offer({ numbers, dueAtMs }: Load): void {
    if (this.everyMs === 0 || this.#running !== undefined || this.now() < this.#nextAtMs) return;
    this.#nextAtMs = this.now() + this.everyMs;
    this.#running = this.#follow(reportIdOf(numbers[0] ?? 0), dueAtMs).finally(() => {
      this.#running = undefined;
    });
  }

  /** Waits for the running probe. */
  async finish(): Promise<void> {
    await this.#running;
    this.client.close();
  }

  async #follow(reportId: string, dueAtMs: number): Promise<void> {
    const request = toBinary(GetReportRequestSchema, create(GetReportRequestSchema, { reportId }));
    while (this.now() - dueAtMs < GIVE_UP_MS) {
      if (await this.#isThere(request)) break;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
    this.found.push({ dueAtMs, ms: this.now() - dueAtMs });
  }

  #isThere(request: Uint8Array): Promise<boolean> {
    const encode = (bytes: Uint8Array): Buffer => globalThis.Buffer.from(bytes);
    const decode = (bytes: Buffer): Buffer => bytes;
    return new Promise((resolve) => {
      this.client.makeUnaryRequest(
        `${SERVICE}/GetReport`,
        encode,
        decode,
        request,
        this.metadata,
        { deadline: Date.now() + 10_000 },
        // NOT_FOUND as a rule; a gateway too busy to answer has not shown the report either.
        (error) => resolve(error === null),
      );
    });
  }
}
