// chDB only. The engine writes a block's token down just before it keeps the block's part. Killed between the two, or
// refused by the disk, it would take the same block for a repetition and swallow it. What was written down without
// a part is therefore taken back, before the block comes again.
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** A table of the engine and its directory on disk. */
export interface TableFiles {
  readonly name: string;
  readonly path: string;
}

/** Parts are `partition_min_max_level`, with `_mutation` behind; merged ones cover the blocks from min to max. */
const PART = /^(.+)_(\d+)_(\d+)_\d+(?:_\d+)?$/;
/** Of one insert at most as many entries as it touched partitions; older ones were looked at before. */
const NEWEST_ENTRIES = 1_000;

/** `run` executes a statement of the engine. Nothing may be inserting into the tables meanwhile. */
export async function forgetLostTokens(
  tables: readonly TableFiles[],
  run: (statement: string) => Promise<unknown>,
): Promise<void> {
  for (const { name, path } of tables) {
    const log = newestLog(path);
    if (log === undefined) continue;
    const text = readFileSync(log, 'latin1');
    // A power cut may have left half a line, behind which the engine would read nothing more.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const drops = tokensWithoutPart(whole, readdirSync(path));
    if (drops === '' && whole === text) continue;
    await run(`DETACH TABLE ${name} SYNC`);
    try {
      truncateSync(log, whole.length);
      appendFileSync(log, drops);
    } finally {
      await run(`ATTACH TABLE ${name}`);
    }
  }
}

/** The engine begins a new file now and then; the newest that has entries holds the last of them. */
function newestLog(path: string): string | undefined {
  const folder = join(path, 'deduplication_logs');
  const numberOf = (file: string): number => Number(/^deduplication_log_(\d+)\.txt$/.exec(file)?.[1]);
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((file) => numberOf(file) >= 0)
    .sort((a, b) => numberOf(b) - numberOf(a))
    .map((file) => join(folder, file))
    .find((file) => statSync(file).size > 0);
}

/** Entries are `1 part token` (written down) and `2 part token` (taken back), separated by tabs. */
function tokensWithoutPart(log: string, directories: readonly string[]): string {
  const kept = new Map<string, string>();
  for (const line of log.split('\n').slice(-NEWEST_ENTRIES)) {
    const [operation, part = '', token = ''] = line.split('\t');
    if (operation === '1') kept.set(token, part);
    else kept.delete(token);
  }
  const parts = directories.flatMap((directory) => rangeOf(directory) ?? []);
  const isThere = (part: string): boolean => {
    const range = rangeOf(part);
    return (
      range === undefined ||
      parts.some((p) => p.partition === range.partition && p.min <= range.min && p.max >= range.max)
    );
  };
  return [...kept]
    .filter(([, part]) => !isThere(part))
    .map(([token, part]) => `2\t${part}\t${token}\n`)
    .join('');
}

function rangeOf(part: string): { partition: string; min: number; max: number } | undefined {
  const match = PART.exec(part);
  if (match === null) return undefined;
  return { partition: match[1] ?? '', min: Number(match[2]), max: Number(match[3]) };
}
