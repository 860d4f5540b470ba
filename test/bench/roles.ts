// Gateway and landing each by itself, in a process of its own: the whole process then is the cost of the role.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ended, owned } from './children.js';
import { costOf } from './cpu.js';
import { generate } from './generator.js';

const GATEWAY = fileURLToPath(new URL('./gateway-child.js', import.meta.url));
const LANDING = fileURLToPath(new URL('./landing-child.js', import.meta.url));
const STOP_MS = 30_000;
/** The log is left to landing up to here. */
const KEEP_MIB = 1_024;

export interface Roles {
  readonly gatewayUs: number;
  /** Of these, on the thread of the event loop. */
  readonly gatewayMainUs: number;
  readonly gatewayPerS: number;
  readonly gatewayPeakRssMib: number;
  readonly gatewayPeakAnonMib: number;
  /** Anonymous memory when a fifth, two fifths, … were accepted. */
  readonly gatewayAnonMib: readonly number[];
  readonly landingUs: number;
  readonly landingPerS: number;
}

export interface RolesOptions {
  readonly root: string;
  readonly reports: number;
  readonly batchReports: number;
  readonly streams: number;
  readonly duplicateShare: number;
  readonly say: (line: string) => void;
}

export async function roles(options: RolesOptions): Promise<Roles> {
  const { reports, say } = options;
  const root = join(options.root, 'roles');
  mkdirSync(root, { recursive: true });
  const logDirectory = join(root, 'log');
  const child = owned(fork(GATEWAY, [logDirectory, String(KEEP_MIB)]));
  const endpoint = await firstMessage<string>(child);
  const pid = child.pid ?? 0;
  const before = costOf(pid);
  let peakAnonMib = 0;
  const anonMib: number[] = [];
  const sent = await generate(
    {
      endpoints: [endpoint],
      token: 'any',
      reports,
      batchReports: options.batchReports,
      ratePerS: undefined,
      streams: options.streams,
      batchesInFlight: 8,
      duplicateShare: options.duplicateShare,
      seed: 1,
      probeEveryMs: 0,
    },
    (accepted) => {
      const found = costOf(pid).anonMib;
      peakAnonMib = Math.max(peakAnonMib, found);
      if (accepted >= ((anonMib.length + 1) * reports) / 5) anonMib.push(found);
    },
  );
  const after = costOf(pid);
  const seconds = (sent.lastAnswerAtMs - sent.firstSentAtMs) / 1_000;
  const gateway = {
    gatewayUs: (after.totalUs - before.totalUs) / sent.submitted,
    gatewayMainUs: (after.cpuUs.main - before.cpuUs.main) / sent.submitted,
    gatewayPerS: sent.acceptances / seconds,
    gatewayPeakRssMib: after.peakRssMib,
    gatewayPeakAnonMib: peakAnonMib,
    gatewayAnonMib: anonMib,
  };
  child.send('stop');
  await ended(child, STOP_MS);
  say(
    `  gateway alone  ${gateway.gatewayPerS.toFixed(0)}/s  CPU ${gateway.gatewayUs.toFixed(1)} µs ` +
      `(main ${gateway.gatewayMainUs.toFixed(1)})  RSS ${gateway.gatewayPeakRssMib.toFixed(0)} ` +
      `(anon ${peakAnonMib.toFixed(0)}) MiB`,
  );
  const lander = owned(
    fork(LANDING, [logDirectory, join(root, 'store')], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  const landed = await firstMessage<{ records: number; seconds: number; cpuUs: number }>(lander);
  const landing = { landingUs: landed.cpuUs / landed.records, landingPerS: landed.records / landed.seconds };
  say(`  landing alone  ${landing.landingPerS.toFixed(0)}/s  CPU ${landing.landingUs.toFixed(1)} µs`);
  return { ...gateway, ...landing };
}

/** What the child says first; only our own children are asked. */
export function firstMessage<T>(child: ReturnType<typeof fork>): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`a process has ended with ${code}`)));
    child.once('message', (message) => resolve(message as T));
  });
}
