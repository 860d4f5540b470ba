// lachan queue: what breaches its deadline next, and what has.
import type { Case } from '@lachan/proto/takedown';
import { Option, type Command } from 'commander';
import { CallFault } from '../authority-client.js';
import { jsonOption, wholeNumber } from '../options.js';
import { caseJson, formatQueue, isOverdue } from '../takedown/format-case.js';
import { listCases } from '../takedown/list-cases.js';
import { addReach, withAuthority, type ReachFlags } from '../takedown/reach-gateway.js';
import { limitOption } from './cases.js';

interface Flags extends ReachFlags {
  readonly owner?: string;
  readonly addressee?: string;
  readonly limit: number;
  readonly watch?: boolean;
  readonly everyMs: number;
  readonly json?: boolean;
}

const CLEAR_SCREEN = '\u001b[2J\u001b[H';

export function addQueue(program: Command): void {
  addReach(
    program
      .command('queue')
      .description('time to breach: the deadlines that run or have passed, the first to breach first')
      .option('--owner <operator>', 'only where this operator owns the stage')
      .option('--addressee <provider>', 'only where this provider has to act')
      .addOption(limitOption())
      .option('--watch', 'look again and again, until Ctrl-C')
      .addOption(
        new Option('--every-ms <n>', 'how often, with --watch')
          .argParser(wholeNumber(200, 3_600_000))
          .default(5_000),
      )
      .addOption(jsonOption()),
  ).action(queue);
}

async function queue(flags: Flags): Promise<void> {
  const filter = { due: true, owner: flags.owner ?? '', addressee: flags.addressee ?? '' };
  await withAuthority(flags, async (client) => {
    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort());
    process.once('SIGTERM', () => interrupted.abort());
    do {
      try {
        show(await listCases(client, filter, flags.limit), flags);
      } catch (error) {
        // Who watches waits for the gateway to come back; a refusal is no better the next time.
        if (flags.watch !== true || !(error instanceof CallFault) || !mayPass(error)) throw error;
        process.stderr.write(`${error.message}\n`);
      }
      if (flags.watch === true) await pause(flags.everyMs, interrupted.signal);
    } while (flags.watch === true && !interrupted.signal.aborted);
  });
}

function mayPass({ code }: CallFault): boolean {
  return code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED' || code === 'RESOURCE_EXHAUSTED';
}

function show(cases: readonly Case[], { json, watch }: Flags): void {
  const nowMs = Date.now();
  if (json === true) {
    const overdue = cases.filter((found) => isOverdue(found, nowMs)).length;
    const at = new Date(nowMs).toISOString();
    process.stdout.write(`${JSON.stringify({ at, overdue, cases: cases.map(caseJson) })}\n`);
    return;
  }
  if (watch === true && process.stdout.isTTY) process.stdout.write(CLEAR_SCREEN);
  process.stdout.write(formatQueue(cases, nowMs));
}

/** Ends early when `signal` says so. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = (): void => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
