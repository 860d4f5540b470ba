// The main thread's side of the landing thread: the store as if it were here, and news of what has landed.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
// Danger: a library that only the landing thread has loaded is unloaded with it, under the engine's own threads.
import '../../store/chdb.js';
import { StoreFault, type Row, type Store } from '../../store/store.js';
import type { FaultMessage, FromLanding, LandingSetup, ToLanding } from './landing-messages.js';

export interface LandingThread {
  /** Runs in the landing thread. `close` ends landing, the engine and the thread. */
  readonly store: Store;
  /** Versions of the lookups in use, and the age of the oldest. */
  readonly lookups: string;
  readonly lookupAgeDays: number;
  /** Rejects when landing has stopped with a fault; never resolves otherwise. */
  readonly stopped: Promise<never>;
  noteLandingTimes(): Promise<void>;
}

export interface LandingNews {
  readonly onLanded: (topic: string, from: number, to: number) => void;
  /** Records that cannot be read, whenever landing meets them. */
  readonly onDeadLetters: (count: number) => void;
  readonly onRetry: (topic: string, fault: Error) => void;
}

type Asked = DistributiveOmit<ToLanding, 'id'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** In a checkout the sources run as they are; a build has only JavaScript. */
const WORKER = new URL(`./landing-worker${extname(import.meta.url)}`, import.meta.url);

const MOST_QUESTIONS = 1_000;

/** Resolves when the engine is open, migrated and landing. Rejects when the directory is held by another process. */
export async function startLandingThread(setup: LandingSetup, news: LandingNews): Promise<LandingThread> {
  // Standard input is the engine's from its opening on; Node would warn about that descriptor.
  const worker = new Worker(WORKER, { workerData: setup, trackUnmanagedFds: false });
  const waiting = new Map<
    number,
    { resolve: (rows: readonly Row[]) => void; reject: (error: Error) => void }
  >();
  let lastId = 0;
  let closing: Promise<void> | undefined;
  let stop: (error: Error) => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = reject;
  });
  // Heard by whoever asks for it; unheard it would end the process.
  stopped.catch(() => undefined);

  const ready = new Promise<Extract<FromLanding, { kind: 'ready' }>>((resolve, reject) => {
    stopped.catch(reject);
    worker.on('message', (message: FromLanding) => {
      switch (message.kind) {
        case 'ready':
          return resolve(message);
        case 'landed':
          return news.onLanded(message.topic, message.from, message.to);
        case 'deadLetters':
          return news.onDeadLetters(message.count);
        case 'retry':
          return news.onRetry(message.topic, toError(message.fault));
        case 'stopped':
          return stop(toError(message.fault));
        case 'answer':
          waiting.get(message.id)?.resolve(message.rows);
          waiting.delete(message.id);
          return;
        case 'failed':
          waiting.get(message.id)?.reject(toError(message.fault));
          waiting.delete(message.id);
      }
    });
    worker.on('error', (error) => stop(error));
    worker.on('exit', () => {
      const gone = new StoreFault('never', 'the landing thread has ended');
      for (const { reject: refuse } of waiting.values()) refuse(gone);
      waiting.clear();
      if (closing === undefined) stop(gone);
    });
  });

  const ask = (question: Asked): Promise<readonly Row[]> => {
    if (waiting.size >= MOST_QUESTIONS) {
      return Promise.reject(new StoreFault('same-block', 'too many questions wait for the store'));
    }
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ ...question, id } satisfies ToLanding);
    });
  };

  try {
    const { lookups, lookupAgeDays } = await ready;
    return {
      lookups,
      lookupAgeDays,
      stopped,
      async noteLandingTimes() {
        await ask({ op: 'noteLandingTimes' });
      },
      store: {
        async command(sql) {
          await ask({ op: 'command', sql });
        },
        select: (sql, params) => ask({ op: 'select', sql, params }),
        async insert(block) {
          await ask({ op: 'insert', block });
        },
        close: () =>
          (closing ??= ask({ op: 'close' }).then(async () => {
            await worker.terminate();
          })),
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

function toError({ name, message, retry, engineCode }: FaultMessage): Error {
  if (retry !== undefined) return new StoreFault(retry, message, engineCode);
  const error = new Error(message);
  error.name = name;
  return error;
}
