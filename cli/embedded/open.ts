// Gives a command the operations of a data directory: through the `start` that holds it, else by opening it here.
import type { Operations } from '../operations.js';
import { answers, remoteOperations } from './control-client.js';
import { dataDirectory } from './data-directory.js';
import { readRunning } from './running.js';

/**
 * Runs `work` and lets go of the directory again. What an earlier process had accepted and not landed
 * is landed first, when the directory has to be opened here.
 */
export async function openDirectory<T>(
  dataDir: string,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const directory = dataDirectory(dataDir);
  const running = readRunning(directory);
  if (running !== undefined && (await answers(running))) return work(remoteOperations(running));
  // Only now: the engine is slow to load, and whoever asks a running process needs none.
  const { openHere } = await import('./open-here.js');
  return openHere(directory, work, ({ message }) =>
    process.stderr.write(`Landing has stopped; what follows knows only what has landed. ${message}\n`),
  );
}
