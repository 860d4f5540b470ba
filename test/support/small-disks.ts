// A disk that is full when a test wants it to be, and has room again, while a process writes to it.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallDisk {
  /** Leaves no byte. */
  fill(): Promise<void>;
  makeRoom(): Promise<void>;
  release(): Promise<void>;
}

/** A file system in memory in the place of the directory, for those who may mount one. */
export async function smallFileSystem(directory: string, mebibytes: number): Promise<SmallDisk> {
  await mkdir(directory, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'lachan-test', directory]);
  const filler = join(directory, 'filler');
  return {
    async fill() {
      const file = await open(filler, 'w');
      try {
        for (const bytes of [1_048_576, 4_096]) await fillUp(() => file.write(Buffer.alloc(bytes)));
      } finally {
        await file.close();
      }
    },
    makeRoom: () => rm(filler),
    async release() {
      await run('umount', [directory]);
    },
  };
}

async function fillUp(write: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await write();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}

/** Whether this process may mount. */
export async function mayMount(): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'lachan-test-mount-'));
  try {
    await (await smallFileSystem(directory, 1)).release();
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(directory);
  }
}
