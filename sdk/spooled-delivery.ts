// Between report() and the delivery when there is a spool: every report is on the disk before it is sent, and what the
// memory cannot hold waits there. One piece of work on the disk at a time, so that order of arrival is order of sending.
import { Alarm } from './alarm.js';
import type { ReportBuffer } from './buffer.js';
import { Conditions } from './conditions.js';
import type { Delivery } from './delivery.js';
import type { Settings } from './options.js';
import { OpenPromises, type Promised } from './open-promises.js';
import { unsent, type Receipt, type Unsent } from './receipt.js';
import { Spool } from './spool.js';
import type { SpoolChoices } from './spool-options.js';
import type { Place } from './spool-segment.js';
import { BEAT_MS } from './spool-slot.js';
import { WriteQueue } from './write-queue.js';

/** The spool in numbers, since the Reporter was made. */
export interface SpoolStats {
  /** On the disk, with answered reports of files that still hold others. */
  readonly bytes: number;
  /** Whether reports are on the disk that are not in memory: new ones line up behind them. */
  readonly isBehind: boolean;
  /** Reports given up for their age. */
  readonly expired: number;
  readonly damagedBytes: number;
}

const TIDY_MS = 100;
/** Reports get at least this long to reach the disk when the Reporter is closed. */
const FLUSH_MS = 2_000;

export class SpooledDelivery {
  readonly #settings: Settings;
  readonly #choices: SpoolChoices;
  readonly #buffer: ReportBuffer;
  readonly #delivery: Delivery;
  readonly #spool: Spool;
  readonly #promises: OpenPromises;
  readonly #queue = new WriteQueue();
  readonly #conditions = new Conditions();
  #room: Promise<void> | undefined;
  #spoolBytes = 0;
  #expired = 0;
  #damagedBytes = 0;
  #isWorking = false;
  #isScheduled = false;
  #isDiskFailing = false;
  #isBeatDue = true;
  #isTidyDue = false;
  #isClosed = false;

  readonly #tidy = new Alarm(() => {
    this.#isTidyDue = true;
    this.#wake();
  });
  readonly #beat = new Alarm(() => {
    this.#isBeatDue = true;
    this.#wake();
  });

  /** Takes up at once what earlier processes left in the directory. */
  constructor(settings: Settings, choices: SpoolChoices, buffer: ReportBuffer, delivery: Delivery) {
    const { clock, random } = settings;
    this.#settings = settings;
    this.#choices = choices;
    this.#buffer = buffer;
    this.#delivery = delivery;
    this.#spool = new Spool({ ...choices, clock, random });
    this.#promises = new OpenPromises(settings, choices.onReceipt, () => delivery.lastFailure);
    this.#wake();
  }

  /** Reports that are not on the disk yet. */
  get queued(): number {
    return this.#queue.length;
  }

  get stats(): SpoolStats {
    return {
      bytes: this.#spoolBytes,
      isBehind: this.#spool.hasUnread,
      expired: this.#expired,
      damagedBytes: this.#damagedBytes,
    };
  }

  /** Why one more report is not taken; undefined when it is. */
  refusal(reportId: string): Unsent | undefined {
    const { maxBufferedReports, maxBufferedBytes } = this.#settings;
    if (this.#spoolBytes + this.#queue.bytes >= this.#choices.maxBytes) {
      return unsent(
        reportId,
        'SPOOL_FULL',
        `the spool holds ${this.#choices.maxBytes} bytes; nothing was kept`,
      );
    }
    if (this.#queue.length < maxBufferedReports && this.#queue.bytes < maxBufferedBytes) return undefined;
    return unsent(
      reportId,
      'BUFFER_FULL',
      'too many reports wait for the disk; nothing was kept; wait for ready()',
    );
  }

  /** Takes one encoded report; the work is done later, off the caller's path. */
  add(reportId: string, bytes: Uint8Array, resolve: (receipt: Receipt) => void): void {
    this.#queue.push(this.#promises.open(reportId, bytes, resolve));
    this.#schedule();
  }

  /** Resolves as soon as a report would be taken; all who wait share one promise. */
  room(): Promise<void> {
    const hasRoom = (): boolean => this.#isClosed || this.refusal('') === undefined;
    this.#room ??= this.#conditions.until(hasRoom).finally(() => (this.#room = undefined));
    return this.#room;
  }

  /** Brings everything to the disk, and to the gateway while `deadlineMs` lasts; the rest stays for the next process. */
  async close(deadlineMs: number): Promise<void> {
    const startMs = this.#settings.clock.monotonicMs();
    await this.#conditions.until(() => this.#queue.length === 0, Math.max(deadlineMs, FLUSH_MS));
    const leftMs = startMs + deadlineMs - this.#settings.clock.monotonicMs();
    const isDone = (): boolean => !this.#spool.hasUnread && this.#buffer.unanswered === 0;
    await this.#conditions.until(isDone, Math.max(leftMs, 0));
    this.#isClosed = true;
    for (const alarm of [this.#tidy, this.#beat]) alarm.clear();
    this.#conditions.look();
    await this.#conditions.until(() => !this.#isWorking, FLUSH_MS);
    await this.#delivery.close(0);
    this.#promises.close();
    // A disk that never answers must not keep the host from ending.
    let isLeft = false;
    void this.#spool.close().then(() => {
      isLeft = true;
      this.#conditions.look();
    });
    await this.#conditions.until(() => isLeft, FLUSH_MS);
  }

  /** Works soon, off the caller's path. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#wake();
    });
  }

  #wake(): void {
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (!this.#isClosed && (await this.#step())) this.#conditions.look();
    this.#isWorking = false;
    this.#conditions.look();
  }

  /** One piece of work; false when there is none. */
  async #step(): Promise<boolean> {
    try {
      if (this.#isBeatDue) await this.#keep();
      else if (this.#isTidyDue) await this.#tidyUp();
      else if (this.#queue.length > 0) await this.#write();
      else if (this.#spool.hasUnread && this.#buffer.isHalfEmpty) await this.#read();
      else return false;
    } catch (error) {
      this.#fail(error);
    }
    this.#spoolBytes = this.#spool.bytes;
    return true;
  }

  async #keep(): Promise<void> {
    this.#isBeatDue = false;
    this.#beat.set(BEAT_MS);
    this.#tidy.set(TIDY_MS);
    await this.#spool.beat();
    await this.#spool.claim();
  }

  async #tidyUp(): Promise<void> {
    this.#isTidyDue = false;
    await this.#spool.tidy();
  }

  async #write(): Promise<void> {
    const group = this.#queue.firstGroup();
    const fitting = this.#spool.hasUnread ? 0 : this.#buffer.howManyFit(group);
    try {
      const places = await this.#spool.write(group, fitting);
      this.#isDiskFailing = false;
      for (const [i, place] of places.entries()) this.#send(group[i], place);
      for (const entry of group.slice(fitting)) this.#keepOnDisk(entry);
    } catch (error) {
      this.#fail(error);
      for (const entry of group.slice(0, fitting)) this.#send(entry, undefined);
      for (const entry of group.slice(fitting)) this.#refuse(entry);
    }
    this.#queue.drop(group);
    // Reading what was left before must not wait for a host that never pauses.
    if (this.#spool.hasUnread && this.#buffer.isHalfEmpty) await this.#read();
  }

  async #read(): Promise<void> {
    const { unread, damagedBytes } = await this.#spool.read();
    this.#tidy.set(TIDY_MS);
    if (damagedBytes > 0) {
      this.#damagedBytes += damagedBytes;
      this.#choices.onFault({ kind: 'DAMAGED', bytes: damagedBytes });
    }
    for (const { report, take } of unread) {
      if (!this.#buffer.hasRoom) break;
      this.#send({ ...report, deadlineMs: 0, resolve: undefined, isKept: true }, take());
    }
  }

  /** Its bytes leave the memory; they come back when it is its turn. */
  #keepOnDisk(entry: Promised): void {
    entry.isKept = true;
    this.#promises.release(entry, this.#expiry(entry.reportId));
  }

  #send(entry: Promised | undefined, place: Place | undefined): void {
    if (entry === undefined) return;
    entry.isKept = place !== undefined;
    const settled = (receipt: Receipt): void => this.#settle(entry, place, receipt);
    const leftMs = entry.atMs + this.#choices.maxAgeMs - this.#settings.clock.wallMs();
    if (leftMs > 0) {
      this.#delivery.add(entry.reportId, entry.bytes, settled, leftMs);
      return;
    }
    const receipt = unsent(entry.reportId, 'DEADLINE', '');
    this.#buffer.count(receipt);
    settled(receipt);
  }

  #settle(entry: Promised, place: Place | undefined, receipt: Receipt): void {
    if (receipt.status === 'UNSENT' && receipt.reason === 'CLOSED') {
      this.#promises.release(entry, receipt);
      return;
    }
    if (place !== undefined) place.isAnswered = true;
    const isExpired = receipt.status === 'UNSENT' && receipt.reason === 'DEADLINE';
    if (isExpired) this.#expired++;
    this.#promises.answer(entry, isExpired ? this.#expiry(entry.reportId) : receipt);
    this.#tidy.set(TIDY_MS);
    this.#schedule();
  }

  #expiry(reportId: string): Unsent {
    const { maxAgeMs } = this.#choices;
    return unsent(reportId, 'EXPIRED', `not taken within ${maxAgeMs} ms (${this.#delivery.lastFailure})`);
  }

  #refuse(entry: Promised): void {
    const receipt = unsent(entry.reportId, 'SPOOL_FULL', 'the disk of the spool failed; nothing was kept');
    this.#buffer.count(receipt);
    this.#promises.answer(entry, receipt);
  }

  #fail(error: unknown): void {
    if (this.#isDiskFailing) return;
    this.#isDiskFailing = true;
    this.#choices.onFault({ kind: 'DISK', message: error instanceof Error ? error.message : 'unknown' });
  }
}
