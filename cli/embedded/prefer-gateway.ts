// Who is given a CPU first when all are busy: the thread that answers senders, before landing and the engine.
import { readdirSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

/** A tenth of the weight of a thread at 0, by the scheduler of Linux (`sched(7)`). */
const STEP_BACK = 10;

/**
 * Lowers the priority of every thread of this process but the main one; to be called again now and then, for the
 * engine begins and ends threads as it likes. Only on Linux, where a nice value belongs to a thread (`setpriority(2)`,
 * "C library/kernel differences"); elsewhere nothing happens. A waiting report costs little later: landing is
 * measured in seconds, an acknowledgement in milliseconds.
 */
export function preferGateway(): void {
  if (process.platform !== 'linux') return;
  try {
    const threads = readdirSync('/proc/self/task').map(Number);
    // The ids are of another namespace than ours: they would name the threads of others.
    if (!threads.includes(process.pid)) return;
    const lowered = Math.min(getPriority(process.pid) + STEP_BACK, constants.priority.PRIORITY_LOW);
    for (const thread of threads) if (thread !== process.pid) lower(thread, lowered);
  } catch {
    // No descriptor is left, no /proc is there, or a sandbox forbids the call: all stay as they are, slower and not wrong.
  }
}

function lower(thread: number, to: number): void {
  try {
    if (getPriority(thread) < to) setPriority(thread, to);
  } catch {
    // It has ended since it was listed.
  }
}
