// Steps one by one, and the engine's floor: each in a process of its own.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { owned } from './children.js';
import { firstMessage } from './roles.js';

const STAGES = fileURLToPath(new URL('./stages-child.js', import.meta.url));
const FLOOR = fileURLToPath(new URL('./floor-child.js', import.meta.url));

/** Name of the step, CPU microseconds per report; in the order of the way. */
export type Stages = readonly (readonly [name: string, us: number])[];

export interface Floor {
  readonly perS: number;
  readonly cpuUs: number;
  readonly bytesPerRow: number;
}

export function stages(root: string, duplicateShare: number, rounds: number): Promise<Stages> {
  return inChild<Stages>(STAGES, join(root, 'stages'), String(duplicateShare), String(rounds));
}

export function engineFloor(root: string, duplicateShare: number, rows: number): Promise<Floor> {
  return inChild<Floor>(FLOOR, join(root, 'floor'), String(duplicateShare), String(rows));
}

function inChild<T>(script: string, root: string, ...args: readonly string[]): Promise<T> {
  mkdirSync(root, { recursive: true });
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  return firstMessage<T>(owned(fork(script, [root, ...args], { stdio: [...stdio] })));
}
