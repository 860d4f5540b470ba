import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { openClickHouse } from '../../store/clickhouse.js';
import type { Store } from '../../store/store.js';
import { clickHouseForTests, type ClickHouseForTests } from '../support/clickhouse-http.js';
import { storeContract } from './store-contract.js';

/** All tests of this file share the server, each with its own database. */
let server: ClickHouseForTests;
const run = randomBytes(4).toString('hex');
let databases = 0;

beforeAll(async () => {
  server = await clickHouseForTests();
});

afterAll(() => server.stop());

storeContract('ClickHouse over HTTP', async () => {
  const database = `lachan_test_${run}_${(databases += 1)}`;
  const { url, username, password } = server;
  const open = (): Promise<Store> => openClickHouse({ url, username, password, database });
  let store = await open();
  return {
    store,
    database,
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
    async release() {
      await store.close();
      const admin = await openClickHouse({ url, username, password, database: 'lachan_test_admin' });
      await admin.command(`DROP DATABASE ${database} SYNC`);
      await admin.close();
    },
  };
});
