// The real log and the real engine for tests of landing, as `lachan start` has them, without a gateway in front.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { audit, type Audit } from '../../consumers/audit.js';
import type { Lookups } from '../../consumers/lookups/load-lookups.js';
import {
  LANDING_GROUP,
  startConsumers,
  type ConsumerOptions,
  type Consumers,
} from '../../consumers/pipeline.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import type { EmbeddedLog } from '../../log/embedded-log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { reportRecordCodec, takedownRecordCodec } from '../../schemas/record-codec.js';
import type { ReportRecord } from '../../schemas/report-record.js';
import type { TakedownRecord } from '../../schemas/takedown-record.js';
import { openChdb } from '../../store/chdb.js';
import { migrate } from '../../store/migrate.js';
import type { Row, Store } from '../../store/store.js';

const lookups: Lookups = {
  country: (ip) => (ip === '192.0.2.1' ? 'VN' : ''),
  asn: (ip) => (ip === '192.0.2.1' ? 64_500 : 0),
  versions: 'lookups of the tests',
  ageDays: () => 0,
};

/** When the rows of tests land: 2026-11-02T01:00:00Z, in milliseconds. */
export const LANDED_AT_MS = Date.UTC(2026, 10, 2, 1);

export class LandingWorld {
  /** Faults that landing waited out. */
  readonly retries: unknown[] = [];

  private constructor(
    private readonly directory: string,
    private database: string,
    public log: EmbeddedLog,
    public store: Store,
  ) {}

  /** A new log, and a new database in the engine of `engineDirectory`. */
  static async open(engineDirectory: string, database: string): Promise<LandingWorld> {
    const store = await openChdb({ directory: engineDirectory, database });
    await migrate(store, 'single', LANDED_AT_MS);
    return new LandingWorld(engineDirectory, database, await openNewLog(), store);
  }

  /** Puts another, empty log in the place of this one. */
  async replaceLog(): Promise<void> {
    await this.log.close();
    this.log = await openNewLog();
  }

  /** Closes the store and opens another database of the same engine in its place. */
  async replaceStore(database: string): Promise<void> {
    await this.dropStore();
    this.database = database;
    this.store = await openChdb({ directory: this.directory, database });
    await migrate(this.store, 'single', LANDED_AT_MS);
  }

  async reopenStore(): Promise<void> {
    await this.store.close();
    this.store = await openChdb({ directory: this.directory, database: this.database });
  }

  async append(...records: readonly (ReportRecord | Uint8Array)[]): Promise<void> {
    await this.log.append(
      REPORTS_TOPIC,
      records.map((record) => ({
        key: Buffer.from('k'),
        value: record instanceof Uint8Array ? record : reportRecordCodec.encode(record),
      })),
    );
  }

  async appendEvents(...events: readonly (TakedownRecord | Uint8Array)[]): Promise<void> {
    await this.log.append(
      TAKEDOWNS_TOPIC,
      events.map((event) => ({
        key: Buffer.from('k'),
        value: event instanceof Uint8Array ? event : takedownRecordCodec.encode(event),
      })),
    );
  }

  start(change: Partial<ConsumerOptions> = {}): Promise<Consumers> {
    return startConsumers({
      log: this.log,
      store: this.store,
      lookups,
      rules: [],
      nowMs: () => LANDED_AT_MS,
      limits: { maxRecords: 1_000, maxBytes: 1_000_000, maxWaitMs: 20 },
      dedup: { maxExactKeys: 10_000, maxFilters: 4 },
      onLanded: () => undefined,
      onRetry: (_, fault) => this.retries.push(fault),
      ...change,
    });
  }

  /** Lands everything that the log holds. Rejects with the fault that stops landing. */
  async landAll(change: Partial<ConsumerOptions> = {}): Promise<void> {
    const consumers = await this.start(change);
    consumers.ended.catch(() => undefined);
    try {
      while (!(await this.hasLanded())) await Promise.race([consumers.ended, setTimeout(5)]);
    } finally {
      await consumers.close();
    }
  }

  private async hasLanded(): Promise<boolean> {
    for (const topic of [REPORTS_TOPIC, DATA_KEYS_TOPIC, TAKEDOWNS_TOPIC]) {
      const [extent] = await this.log.extents(topic);
      const [committed] = await this.log.committed(LANDING_GROUP, topic);
      if ((committed?.offset ?? extent?.first) !== extent?.end || (committed?.metadata ?? '') !== '')
        return false;
    }
    return true;
  }

  audit(): Promise<Audit> {
    return audit(this.log, this.store, LANDING_GROUP);
  }

  /** The landing table, in the order of the log. */
  rows(columns: string): Promise<readonly Row[]> {
    return this.store.select(`SELECT ${columns} FROM records ORDER BY log_offset`);
  }

  /** The landing table of takedown, in the order of the log. */
  eventRows(columns: string): Promise<readonly Row[]> {
    return this.store.select(`SELECT ${columns} FROM takedown_records ORDER BY log_offset`);
  }

  async outcomes(): Promise<unknown[]> {
    return (await this.rows('outcome')).map(({ outcome }) => outcome);
  }

  async close(): Promise<void> {
    await this.log.close();
    await this.dropStore();
  }

  private async dropStore(): Promise<void> {
    await this.store.command(`DROP DATABASE ${this.database} SYNC`);
    await this.store.close();
  }
}

async function openNewLog(): Promise<EmbeddedLog> {
  const directory = await mkdtemp(join(tmpdir(), 'lachan-test-log-'));
  const log = openEmbeddedLog({ directory, maxBytes: 2_000_000_000, clock: () => performance.now() });
  return {
    ...log,
    async close() {
      await log.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
