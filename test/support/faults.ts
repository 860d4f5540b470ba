// What the fault tests share: their length, their seed, the load that goes on, and the proof at the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { Reporter, type Receipt } from '@lachan/sdk';
import { expect } from 'vitest';
import { example, type Fields } from './example-reports.js';
import { recordOf, textOf, until, type Place, type Row } from './lachan-process.js';

/** LACHAN_FAULTS=long: more of everything. */
export const LONG = process.env['LACHAN_FAULTS'] === 'long';
/** Another one in every run; LACHAN_FAULTS_SEED repeats one that failed. */
export const SEED = Number(process.env['LACHAN_FAULTS_SEED'] ?? Date.now() % 1_000_000);

/** To be called by every file that draws from the seed. */
export function tellSeed(file: string): void {
  process.stderr.write(`${file}: seed ${SEED} (LACHAN_FAULTS_SEED repeats it)\n`);
}

const DEADLINE_MS = 300_000;
const TURN_MS = 10;
const PROGRESS_MS = 60_000;

export interface SenderOptions {
  /** Every report's id begins with it. */
  readonly name: string;
  readonly endpoint: string;
  readonly token: string;
  readonly perTurn: number;
  readonly fields?: Fields;
  /** The sender's clock, in milliseconds since 1970; the machine's when left out. */
  readonly wallMs?: () => number;
}

/**
 * Sends without end, whatever becomes of the gateway: the n-th report is `name-n`, but every tenth is an earlier one
 * again, or one that was left out so far.
 */
export class Sender {
  readonly accepted = new Set<string>();
  readonly others: Receipt[] = [];
  sent = 0;
  readonly #options: SenderOptions;
  readonly #reporter: Reporter;
  readonly #done: Promise<void>;
  /** Which of the sent ones, in their order. */
  readonly #unanswered = new Set<number>();
  #stopping = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#reporter = new Reporter({
      endpoint: options.endpoint,
      token: options.token,
      deadlineMs: DEADLINE_MS,
      maxBatchReports: 100,
      maxBufferedReports: 2_000,
      retry: { initialMs: 20, maxMs: 200 },
      clock: { wallMs: options.wallMs ?? Date.now, monotonicMs: () => performance.now() },
    });
    this.#done = this.#send();
  }

  /** Until so many more reports are accepted. */
  async progress(reports: number): Promise<void> {
    const wanted = this.accepted.size + reports;
    const look = (): true | undefined => {
      const [other] = this.others;
      if (other !== undefined) throw new Error(`a report was not accepted: ${JSON.stringify(other)}`);
      return this.accepted.size >= wanted || undefined;
    };
    await until(`${reports} more reports to be accepted`, look, PROGRESS_MS);
  }

  /** Until everything that was sent before the call has its receipt. */
  async settled(): Promise<void> {
    const upTo = this.sent;
    await until('what was sent to be answered', () => {
      const [oldest = Infinity] = this.#unanswered;
      return oldest > upTo || undefined;
    });
  }

  /** Sends no more, and waits for nothing; resolves with what was accepted. */
  async abandon(): Promise<readonly string[]> {
    this.#stopping = true;
    await this.#reporter.close({ deadlineMs: 0 });
    return [...this.accepted];
  }

  /** Sends what is left; resolves when every report has its receipt. */
  async finish(): Promise<void> {
    this.#stopping = true;
    await this.#done;
    await this.#reporter.close({ deadlineMs: DEADLINE_MS });
  }

  async #send(): Promise<void> {
    const { name, perTurn, fields } = this.#options;
    while (!this.#stopping) {
      await this.#reporter.ready();
      for (let i = 0; i < perTurn; i += 1) {
        this.sent += 1;
        const ordinal = this.sent;
        const number = ordinal % 10 === 0 ? ordinal / 2 : ordinal;
        this.#unanswered.add(ordinal);
        void this.#reporter.report(example(`${name}-${number}`, fields)).then((receipt) => {
          this.#unanswered.delete(ordinal);
          if (receipt.status === 'ACCEPTED') this.accepted.add(receipt.reportId);
          else if (this.others.length < 10) this.others.push(receipt);
        });
      }
      await sleep(TURN_MS);
    }
  }
}

/** Ends senders in order: everything that they have sent was accepted. Resolves with the ids. */
export async function finishAccepted(...senders: readonly Sender[]): Promise<readonly string[]> {
  await Promise.all(senders.map((sender) => sender.finish()));
  for (const { others } of senders) expect(others).toEqual([]);
  return senders.flatMap(({ accepted }) => [...accepted]);
}

/**
 * Of a stopped directory: the accepted reports stand in it exactly once, and no other unless `mayBe` says that it may
 * (also once); the table, the totals and the hosts tell the same; the audit holds. Resolves with the rows by outcome.
 */
export async function expectLandedOnce(
  place: Place,
  accepted: Iterable<string>,
  mayBe: (reportId: string) => boolean = () => false,
): Promise<Readonly<Record<string, number>>> {
  const audit = await place.run('audit', '--json');
  expect(audit).toMatchObject({ code: 0, stderr: '' });
  expect(recordOf(JSON.parse(audit.stdout))).toMatchObject({ ok: true, problems: [] });
  const [ids = [], inTable = [], inView = [], hosts = []] = await place.select(
    `SELECT report_id FROM records WHERE outcome = 'REPORT'`,
    'SELECT outcome, toString(count()) AS n FROM records GROUP BY outcome ORDER BY outcome',
    'SELECT outcome, toString(sum(records)) AS n FROM record_totals GROUP BY outcome ORDER BY outcome',
    'SELECT toString(sum(reports)) AS n FROM host_totals',
  );
  const landed = ids.map((row) => textOf(row['report_id']));
  const there = new Set(landed);
  const expected = new Set(accepted);
  expect(landed.length).toBe(there.size);
  expect([...expected].filter((id) => !there.has(id))).toEqual([]);
  expect(landed.filter((id) => !expected.has(id) && !mayBe(id))).toEqual([]);
  expect(inView).toEqual(inTable);
  expect(hosts).toEqual([{ n: String(landed.length) }]);
  return Object.fromEntries(inTable.map((row: Row) => [textOf(row['outcome']), Number(row['n'])]));
}
