// What a process costs, read from outside it: CPU by thread, memory. Linux only.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/**
 * main: the event loop of the main thread. worker: that of the landing thread. pool: Node's thread pool (the log's
 * transactions of both, and whatever else is asynchronous). v8: helpers of V8 (garbage, compiling) for both.
 * engine: every other thread, and all that have ended.
 */
export const ROLES = ['main', 'worker', 'pool', 'v8', 'engine'] as const;
export type Role = (typeof ROLES)[number];

export interface Cost {
  /** CPU since the process began, microseconds. */
  readonly cpuUs: Readonly<Record<Role, number>>;
  readonly totalUs: number;
  /** Resident memory in MiB: all of it, that which no file backs, and the most there ever was. */
  readonly rssMib: number;
  readonly anonMib: number;
  readonly peakRssMib: number;
}

const US_PER_TICK = 10_000;
const KIB_PER_MIB = 1_024;

/** `threadsFile`: what note-threads.ts wrote; a process without it counts as main and engine. */
export function costOf(pid: number, threadsFile?: string): Cost {
  const roles = threadsFile === undefined ? new Map<string, Role>() : rolesIn(threadsFile);
  const cpuUs = { main: 0, worker: 0, pool: 0, v8: 0, engine: 0 };
  let alive = 0;
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const used = threadCpuUs(pid, tid);
    cpuUs[tid === String(pid) ? 'main' : (roles.get(tid) ?? 'engine')] += used;
    alive += used;
  }
  const total = processCpuUs(pid);
  // Ticks are coarse; threads that are gone stand in nothing else.
  if (total - alive > 2 * US_PER_TICK) cpuUs.engine += total - alive;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN) / KIB_PER_MIB;
  return {
    cpuUs,
    totalUs: ROLES.reduce((sum, role) => sum + cpuUs[role], 0),
    rssMib: mib('VmRSS'),
    anonMib: mib('RssAnon'),
    peakRssMib: mib('VmHWM'),
  };
}

/** CPU used between two moments, in microseconds for each of `reports`. */
export function perReport(from: Cost, to: Cost, reports: number): Readonly<Record<Role | 'total', number>> {
  const by = (role: Role): number => (to.cpuUs[role] - from.cpuUs[role]) / reports;
  return {
    main: by('main'),
    worker: by('worker'),
    pool: by('pool'),
    v8: by('v8'),
    engine: by('engine'),
    total: (to.totalUs - from.totalUs) / reports,
  };
}

/** CPU that the whole machine has used, and lost to its host, since it started, in microseconds. */
export function machineUs(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * US_PER_TICK;
}

function rolesIn(file: string): ReadonlyMap<string, Role> {
  if (!existsSync(file)) return new Map();
  const roles = new Map<string, Role>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [name, tid] = line.split(' ');
    const role = ROLES.find((known) => known === name);
    if (role !== undefined && tid !== undefined) roles.set(tid, role);
  }
  return roles;
}

function threadCpuUs(pid: number, tid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  } catch {
    // It has ended since its directory was listed.
    return 0;
  }
}

/** User and system time of all threads, those that have ended too. */
function processCpuUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK;
}
