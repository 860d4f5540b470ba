// lachan providers report: what one provider sent, what it had to take down, and how fast that was.
import type { Command } from 'commander';
import { CommandFault } from '../command-fault.js';
import { formatTable, type OutputRow } from '../format-rows.js';
import { jsonOption } from '../options.js';
import { bothOf, type Words } from '../takedown/words.js';
import { addWhere, withOperations, type Where } from '../with-operations.js';
import type { Operations } from '../operations.js';

interface Flags extends Where {
  readonly json?: boolean;
  readonly test?: boolean;
  readonly since?: string;
  readonly until?: string;
}

interface Part {
  /** Its member of the JSON object. */
  readonly key: string;
  readonly title: Words;
  readonly figure: string;
  readonly params: Readonly<Record<string, string>>;
  /** What people are shown of it; all, when left out. */
  readonly columns?: readonly string[];
}

const VERDICTS = ['n', 'met', 'missed', 'undecidable', 'open'];
const TIMES = ['p50_lower_hours', 'p50_upper_hours', 'p90_lower_hours', 'p90_upper_hours'];
const LANDING_MS = 60_000;

export function addProviderReport(providers: Command): void {
  addWhere(
    providers
      .command('report')
      .description(
        'one provider: what it sent, its notices and deadlines, claimed beside verified times, what came back',
      )
      .argument('<provider>', 'provider id')
      .option('--test', 'in the TEST world')
      .option('--since <when>', 'clocks that started then or later: a day of Asia/Ho_Chi_Minh, or an instant')
      .option('--until <when>', 'clocks that started before')
      .addOption(jsonOption())
      .action((provider: string, flags: Flags) => report(provider, flags)),
  );
}

async function report(provider: string, flags: Flags): Promise<void> {
  const parts = partsOf(provider, flags);
  const found = await withOperations(flags, async (operations) => {
    await known(operations, provider);
    const rows = new Map<string, readonly OutputRow[]>();
    for (const { key, figure, params } of parts)
      rows.set(key, (await operations.figure(figure, params, LANDING_MS)).rows);
    return rows;
  });
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ provider_id: provider, ...Object.fromEntries(found) })}\n`
      : parts
          .map(
            ({ key, title, columns }) =>
              `${bothOf(title)}\n${formatTable(shown(found.get(key) ?? [], columns))}`,
          )
          .join('\n'),
  );
}

/** Whoever answers for locations may have no credential. */
async function known(operations: Operations, provider: string): Promise<void> {
  const [credentials, holdings] = [await operations.listProviders(), await operations.listHoldings(provider)];
  if (holdings.length === 0 && !credentials.some(({ providerId }) => providerId === provider))
    throw new CommandFault(`nobody is called ${provider}: lachan providers list says who there is`);
}

function partsOf(provider: string, { test, since, until }: Flags): readonly Part[] {
  const world = { environment: test === true ? 'TEST' : 'PRODUCTION' };
  const cohort = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) };
  const answering = { ...world, addressee: provider };
  const times = (clock: string): Part['params'] => ({ ...answering, ...cohort, clock });
  return [
    {
      key: 'reports',
      title: { vi: 'Báo cáo đã gửi', en: 'What it sent' },
      figure: 'provider-reports',
      params: { ...world, provider },
    },
    {
      key: 'deadlines',
      title: { vi: 'Thời hạn theo luật', en: 'Deadlines, by what was seen and never by claims' },
      figure: 'deadline-compliance',
      params: { ...answering, ...cohort },
      columns: ['rule', 'deadline_hours', ...VERDICTS, 'left_cohort', 'met_at_least', 'met_at_most'],
    },
    {
      key: 'time_to_breach',
      title: { vi: 'Thời hạn đang chạy', en: 'Deadlines that still run' },
      figure: 'time-to-breach',
      params: answering,
      columns: ['rule', 'n_open', 'held', 'within_1h', 'within_6h', 'within_24h', 'later', 'breached'],
    },
    {
      key: 'notice_to_claimed',
      title: { vi: 'Từ yêu cầu đến khi nói đã gỡ', en: 'From notice to claimed down' },
      figure: 'takedown-times',
      params: times('notice_to_claimed'),
      columns: ['deadline_hours', ...VERDICTS, ...TIMES],
    },
    {
      key: 'notice_to_verified',
      title: { vi: 'Từ yêu cầu đến khi xác minh đã gỡ', en: 'From notice to verified down' },
      figure: 'takedown-times',
      params: times('notice_to_verified'),
      columns: ['deadline_hours', ...VERDICTS, ...TIMES],
    },
    {
      key: 'claims',
      title: { vi: 'Báo đã gỡ sai', en: 'Claims that a look found false' },
      figure: 'false-claims',
      params: { ...answering, ...cohort },
      columns: ['claims', 'false_claims', 'false_share', 'n', 'n_open', ...TIMES],
    },
    {
      key: 'reappearance',
      title: { vi: 'Xuất hiện trở lại', en: 'What came back' },
      figure: 'reappearance',
      params: { ...answering, ...cohort },
      columns: ['n', 'reappeared', 'within_hours', 'km_lower_end', 'km_upper_end'],
    },
    {
      key: 'backlog',
      title: { vi: 'Vụ việc đang mở', en: 'Cases that lie with it' },
      figure: 'backlog',
      params: { ...answering, by: '' },
      columns: [
        'n',
        'n_open',
        'held',
        'age_p50_hours',
        'age_p90_hours',
        'seen_down',
        'already_down',
        'reinstated',
      ],
    },
  ];
}

function shown(rows: readonly OutputRow[], columns: readonly string[] | undefined): readonly OutputRow[] {
  if (columns === undefined) return rows;
  return rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
}
