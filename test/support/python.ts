// A Python with the packages that the documentation asks for, kept between runs outside the repository.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ChildUnderTest } from './lachan-process.js';

const INSTALL_MS = 300_000;

const found = spawnSync(
  'python3',
  ['-c', 'import ensurepip, sys, venv; assert sys.version_info >= (3, 10); print(sys.version)'],
  { encoding: 'utf8' },
);

/** Undefined where Python can be used. */
export const pythonIsMissing: string | undefined =
  found.status === 0 ? undefined : 'needs python3, 3.10 or newer, with venv and pip';

/** Whether parts that a test needs may be missing: never where CI names what it requires. */
export const mayBeMissing = (process.env['LACHAN_TEST_REQUIRE'] ?? '') === '';

/** A search path on which `python` has `packages` (exact pins, as in `grpcio==1.85.1`). */
export async function pathWithPython(packages: readonly string[]): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([found.stdout, packages]))
    .digest('hex')
    .slice(0, 16);
  const kept = join(tmpdir(), `lachan-test-python-${key}`);
  if (!existsSync(kept)) {
    // Made apart and moved into place whole: of two runs at once the second to finish throws its own away.
    const made = await mkdtemp(`${kept}-`);
    try {
      await run('python3', '-m', 'venv', made);
      await run(join(made, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', ...packages);
      await rename(made, kept);
    } catch (error) {
      if (!existsSync(kept)) throw error;
    } finally {
      await rm(made, { recursive: true, force: true });
    }
  }
  return [join(kept, 'bin'), process.env['PATH'] ?? ''].join(delimiter);
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await new ChildUnderTest(program, args).finished(INSTALL_MS);
  if (code !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}: ${stderr.slice(-2_000)}`);
}
