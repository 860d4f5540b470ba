// A place for a cursor, for hosts that have no better one.
import { open, readFile, rename } from 'node:fs/promises';

/**
 * Keeps a cursor in a file, for one watch of one process: `onNotice(handler, await cursorFile(path))`. It is written
 * beside, synced and then put in place, so that a crash or a power cut leaves the old or the new one. Rejects when the
 * file is there and cannot be read, or holds no cursor; where it is missing, the cursor is empty.
 */
export async function cursorFile(
  path: string,
): Promise<{ readonly cursor: string; readonly saveCursor: (cursor: string) => Promise<void> }> {
  return { cursor: await read(path), saveCursor: (cursor) => write(path, cursor) };
}

async function read(path: string): Promise<string> {
  try {
    const text = (await readFile(path, 'utf8')).trim();
    if (!/^[\x21-\x7e]*$/.test(text)) throw new Error(`${path} holds no cursor`);
    return text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

async function write(path: string, cursor: string): Promise<void> {
  const beside = `${path}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(cursor);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
}
