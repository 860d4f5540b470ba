// Opens an engine of its own, fills it with cases, and asks every figure of takedown; answers with what each cost.
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import { askFigure, FIGURES } from '../../store/queries/figures.js';
import { makeCases } from './many-cases.js';
import type { FigureCost, FiguresRun } from './figures.js';

const [directory = '', cases = '0', parts = '0', rounds = '0'] = process.argv.slice(2);
const NOW = Date.UTC(2026, 10, 24);

/** Asked without and with being told apart; what-if folds events, of which there are none here. */
const ASKED: readonly (readonly [name: string, params: Readonly<Record<string, string>>])[] = [
  ...['report_to_verified', 'notice_to_verified', 'notice_to_claimed', 'exposure'].map(
    (clock) => ['takedown-times', { clock, deadline_hours: '24,48,72,168' }] as const,
  ),
  ['takedown-times', { clock: 'notice_to_verified', by: 'addressee' }],
  ['takedown-times', { clock: 'notice_to_verified', by: 'rule' }],
  ['takedown-times', { clock: 'report_to_verified', by: 'vn' }],
  ['takedown-times', { clock: 'notice_to_verified', addressee: 'host-7' }],
  ['takedown-shares', {}],
  ['survival', {}],
  ['deadline-compliance', {}],
  ['deadline-compliance', { by: 'addressee' }],
  ['time-to-breach', {}],
  ['false-claims', {}],
  ['reappearance', {}],
  ['backlog', {}],
  ['reports-without-location', {}],
];

async function run(): Promise<FiguresRun> {
  const store = await openChdb({ directory, database: 'figures_bench' });
  await migrate(store, 'single', NOW);
  await store.command('SYSTEM STOP MERGES');
  await makeCases(store, Number(cases), Number(parts), NOW);
  const inParts = await ask(store);
  await store.command('SYSTEM START MERGES');
  for (const table of ['cases', 'case_reports']) await store.command(`OPTIMIZE TABLE ${table} FINAL`);
  const merged = await ask(store);
  await store.close();
  return { cases: Number(cases), parts: Number(parts), inParts, merged };
}

async function ask(store: Awaited<ReturnType<typeof openChdb>>): Promise<readonly FigureCost[]> {
  const select = store.select.bind(store);
  const costs: FigureCost[] = [];
  for (const [name, params] of ASKED) {
    const ms: number[] = [];
    const cpuMs: number[] = [];
    let rows = 0;
    for (let round = 0; round < Number(rounds); round += 1) {
      const cpu = process.cpuUsage();
      const startedMs = performance.now();
      rows = (await askFigure(select, name, params, NOW)).length;
      ms.push(performance.now() - startedMs);
      const used = process.cpuUsage(cpu);
      cpuMs.push((used.user + used.system) / 1000);
    }
    if (FIGURES[name] === undefined) throw new Error(`no figure is called ${name}`);
    const what = [name, ...Object.entries(params).map(([key, value]) => `${key}=${value}`)].join(' ');
    costs.push({ what, ms, cpuMs, rows });
  }
  return costs;
}

run().then(
  (found) => process.send?.(found, () => process.exit()),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
