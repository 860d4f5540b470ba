// The engine of the stand-in, with one connection for each database and set of settings: those of one request must not
// be those of the next. A process has one engine.
import { Session } from 'chdb';
import { forgetLostTokens } from '../../store/forget-lost-tokens.js';
import type { HttpRequest } from './clickhouse-http-request.js';

const ENGINE_ARGUMENTS = [
  '--max_server_memory_usage=4294967296',
  '--mark_cache_size=268435456',
  '--uncompressed_cache_size=0',
  '--background_pool_size=2',
  '--background_schedule_pool_size=4',
];
/** So many may be open and idle. */
const IDLE_SESSIONS = 12;

interface Shared {
  readonly ready: Promise<Session>;
  users: number;
  failed: boolean;
}

export class EngineSessions {
  /** Keeps the engine open; never used with settings. */
  readonly #engine: Session;
  readonly #directory: string;
  readonly #sessions = new Map<string, Shared>();

  constructor(directory: string) {
    this.#directory = directory;
    this.#engine = new Session(directory, { connectionArgs: ENGINE_ARGUMENTS });
  }

  async version(): Promise<string> {
    return (await this.#engine.queryAsync('SELECT version()', { format: 'TabSeparated' })).text().trim();
  }

  async run<T>(
    { database, settings }: Pick<HttpRequest, 'database' | 'settings'>,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([database, settings]);
    const shared = this.#sessions.get(key) ?? {
      ready: this.#open(database, settings),
      users: 0,
      failed: false,
    };
    shared.users += 1;
    // The last used is the last in order.
    this.#sessions.delete(key);
    this.#sessions.set(key, shared);
    try {
      return await work(await shared.ready);
    } catch (error) {
      // The engine holds what a failed statement read until its connection is used again or closed: DROP would wait for it.
      shared.failed = true;
      if (this.#sessions.get(key) === shared) this.#sessions.delete(key);
      throw error;
    } finally {
      shared.users -= 1;
      if (shared.failed && shared.users === 0) {
        await shared.ready.then(
          (session) => session.close(),
          () => undefined,
        );
      }
      await this.#closeIdle();
    }
  }

  /** What an earlier process was killed with may be inserted again. */
  async forgetWhatWasLost(): Promise<void> {
    const found = await this.#engine.queryAsync(
      `SELECT database, groupArray((name, data_paths[1])) AS tables FROM system.tables
       WHERE engine LIKE '%MergeTree' AND length(data_paths) = 1 AND database != 'system' GROUP BY database`,
      { format: 'JSONEachRow' },
    );
    for (const line of found.text().split('\n')) {
      if (line === '') continue;
      const { database, tables } = JSON.parse(line) as { database: string; tables: [string, string][] };
      const files = tables.map(([name, path]) => ({ name, path }));
      await this.run({ database, settings: [] }, (session) =>
        forgetLostTokens(files, (statement) => session.queryAsync(statement)),
      );
    }
  }

  async #open(database: string, settings: HttpRequest['settings']): Promise<Session> {
    const session = new Session(this.#directory, { connectionArgs: ENGINE_ARGUMENTS });
    try {
      await session.queryAsync(`USE \`${database.replaceAll('`', '')}\``);
      for (const [name, value] of settings) {
        if (!/^\w+$/.test(name)) throw new Error(`no name of a setting: ${name}`);
        await session.queryAsync(`SET ${name} = '${value.replaceAll(/[\\']/g, '\\$&')}'`);
      }
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  async #closeIdle(): Promise<void> {
    for (const [key, { ready, users }] of this.#sessions) {
      if (this.#sessions.size <= IDLE_SESSIONS) return;
      if (users > 0) continue;
      this.#sessions.delete(key);
      (await ready).close();
    }
  }
}
