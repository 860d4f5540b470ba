// Sends the demonstration's reports: the real rows of the DSA database first, then the invented stream.
import { fileURLToPath } from 'node:url';
import { Reporter, type ReportInit } from '@lachan/sdk';
import { CommandFault } from '../command-fault.js';
import type { RunningEmbedded } from '../embedded/serve.js';
import { showProgress } from '../submit/progress-bar.js';
import { readReports } from '../submit/read-reports.js';
import type { Distributions } from './distributions.js';
import { inventReports, type Intent } from './invent-reports.js';
import { seededRandom } from './random.js';

/** Invented; the first sends the DSA rows, the others share the stream. */
export const PROVIDER_NAMES = [
  'Lachan Demo Video',
  'Lachan Demo Ảnh',
  'Lachan Demo Mail',
  'Lachan Demo Chat',
  'Lachan Demo Live',
  'Lachan Demo Game',
  'Lachan Demo Diễn đàn',
  'Lachan Demo Chợ',
] as const;
const DSA_PROVIDER = 'Lachan Demo DSA';

export interface DemoSent {
  readonly submitted: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly distinctAccepted: number;
  readonly made: Readonly<Record<Intent, number>>;
  /** Credentials of those who share the stream, by provider id, in the order of `PROVIDER_NAMES`. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Some locations of the stream that were reported once, with who reported them. */
  readonly examples: readonly { readonly url: string; readonly providerId: string }[];
}

const EXAMPLES = 18;

/** Resolves when every report has its receipt. Rejects with `CommandFault` when one got none. */
export async function sendDemo(
  running: RunningEmbedded,
  reports: number,
  seed: number,
  distributions: Distributions,
): Promise<DemoSent> {
  const reporterWith = (token: string): Reporter =>
    new Reporter({ endpoint: running.grpc, token, deadlineMs: 600_000 });
  const dsaReporter = reporterWith((await running.operations.addProvider(DSA_PROVIDER, 'PRODUCTION')).token);
  const tokens = new Map<string, string>();
  for (const name of PROVIDER_NAMES) {
    const { provider_id: id, token } = await running.operations.addProvider(name, 'PRODUCTION');
    tokens.set(id, token);
  }
  const providerIds = [...tokens.keys()];
  const reporters = [...tokens.values()].map(reporterWith);
  const examples: { url: string; providerId: string }[] = [];

  const made = { NEW: 0, DUPLICATE: 0, CONFLICT: 0, INVALID: 0 };
  const accepted = new Set<string>();
  const count = { submitted: 0, accepted: 0, rejected: 0 };
  let unsent: string | undefined;
  const send = (reporter: Reporter, report: ReportInit): void => {
    count.submitted += 1;
    void reporter.report(report).then((receipt) => {
      if (receipt.status === 'ACCEPTED') {
        count.accepted += 1;
        accepted.add(receipt.authorityReportId);
      } else if (receipt.status === 'REJECTED') count.rejected += 1;
      else unsent ??= `${receipt.reason}: ${receipt.message}`;
    });
  };

  const bar = showProgress(() => ({
    done: count.accepted + count.rejected,
    rejected: count.rejected,
    total: reports,
  }));
  try {
    const file = fileURLToPath(new URL('./data/dsa-sor.csv', import.meta.url));
    const seen = new Set<string>();
    for await (const { read } of readReports([file], 'dsa-csv', new Map())) {
      if (!read.ok) continue;
      made[seen.has(read.report.reportId ?? '') ? 'DUPLICATE' : 'NEW'] += 1;
      seen.add(read.report.reportId ?? '');
      send(dsaReporter, read.report);
    }
    const stream = inventReports(distributions, seededRandom(seed), Date.now);
    while (count.submitted < reports) {
      const { provider, intent, report } = stream.next().value;
      const reporter = reporters[provider];
      if (reporter === undefined) throw new Error('there are more provider weights than providers');
      made[intent] += 1;
      const [location] = report.locations ?? [];
      if (intent === 'NEW' && examples.length < EXAMPLES) {
        examples.push({ url: location?.url ?? '', providerId: providerIds[provider] ?? '' });
      }
      await reporter.ready();
      send(reporter, report);
    }
    await Promise.all([dsaReporter, ...reporters].map((reporter) => reporter.close({ deadlineMs: 600_000 })));
  } finally {
    bar.stop();
  }
  if (unsent !== undefined) throw new CommandFault(`a report got no receipt: ${unsent}`);
  return { ...count, distinctAccepted: accepted.size, made, tokens, examples };
}
