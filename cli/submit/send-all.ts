// Sends reports through the SDK as fast as the gateway takes them, and counts what it said.
import type { Receipt, Reporter, ReportInit, Violation } from '@lachan/sdk';

export interface Rejection {
  readonly file: string;
  readonly line: number;
  readonly violations: readonly Violation[];
}

export interface Sent {
  read: number;
  accepted: number;
  rejected: number;
  /** Never answered: the gateway could not be reached in time, or refused the credential. */
  unsent: number;
  /** The first ones; `rejected` counts them all. */
  readonly rejections: Rejection[];
  /** Why the first unsent report was not sent. */
  firstUnsent: string | undefined;
}

export interface Sendable {
  readonly file: string;
  readonly line: number;
  readonly read:
    | { readonly ok: true; readonly report: ReportInit }
    | { readonly ok: false; readonly violations: readonly Violation[] };
}

const MOST_REJECTIONS = 10_000;

/** `sent` is kept up to date on the way. Resolves when every report has its receipt. */
export async function sendAll(
  reports: AsyncIterable<Sendable>,
  reporter: Reporter,
  sent: Sent,
  onReceipt: (receipt: Receipt, report: Sendable) => void = () => undefined,
): Promise<void> {
  let waiting = 0;
  let wake: () => void = () => undefined;
  const reject = (report: Sendable, violations: readonly Violation[]): void => {
    sent.rejected += 1;
    if (sent.rejections.length < MOST_REJECTIONS) {
      sent.rejections.push({ file: report.file, line: report.line, violations });
    }
  };
  for await (const sendable of reports) {
    sent.read += 1;
    if (!sendable.read.ok) {
      reject(sendable, sendable.read.violations);
      continue;
    }
    await reporter.ready();
    waiting += 1;
    void reporter.report(sendable.read.report).then((receipt) => {
      waiting -= 1;
      if (receipt.status === 'ACCEPTED') sent.accepted += 1;
      else if (receipt.status === 'REJECTED') reject(sendable, receipt.violations);
      else {
        sent.unsent += 1;
        sent.firstUnsent ??= `${receipt.reason}: ${receipt.message}`;
      }
      onReceipt(receipt, sendable);
      if (waiting === 0) wake();
    });
  }
  if (waiting > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

export function nothingSent(): Sent {
  return { read: 0, accepted: 0, rejected: 0, unsent: 0, rejections: [], firstUnsent: undefined };
}
