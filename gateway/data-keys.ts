// The gateway's current data key. A new one is durable in the log before anything is sealed with it.
import type { KeyObject } from 'node:crypto';
import { DATA_KEYS_TOPIC } from '../log/topics.js';
import type { Log } from '../log/log.js';
import { dataKeyRecordCodec } from '../schemas/record-codec.js';
import { createDataKey, MAX_SEALS_PER_KEY, type Sealer } from './seal.js';

export interface DataKeys {
  /** The sealer to use now. */
  current(): Sealer;
  /** Replaces the key when it is due; called now and then. Rejects with `LogFault`; the old key stays in use. */
  replaceIfDue(): Promise<void>;
}

export interface DataKeyOptions {
  readonly log: Pick<Log, 'append'>;
  readonly authorityKey: KeyObject;
  readonly nowMs: () => number;
  /** How long one key is used. */
  readonly lifetimeMs: number;
}

/** Resolves when the first key is durable. */
export async function openDataKeys(options: DataKeyOptions): Promise<DataKeys> {
  let sealer = await newSealer(options);
  let replacing: Promise<void> | undefined;
  return {
    current: () => sealer,
    replaceIfDue() {
      const old = options.nowMs() - sealer.createdAtMs >= options.lifetimeMs;
      if (!old && sealer.seals < MAX_SEALS_PER_KEY / 2) return Promise.resolve();
      replacing ??= newSealer(options)
        .then((next) => {
          sealer = next;
        })
        .finally(() => {
          replacing = undefined;
        });
      return replacing;
    },
  };
}

async function newSealer({ log, authorityKey, nowMs }: DataKeyOptions): Promise<Sealer> {
  const { sealer, record } = createDataKey(authorityKey, nowMs());
  await log.append(DATA_KEYS_TOPIC, [{ key: record.keyId, value: dataKeyRecordCodec.encode(record) }]);
  return sealer;
}
