import { defineConfig } from 'vitest/config';

// unit: pure, no disk, no socket. contract: one suite per interface, run by each of its bodies.
// integration: real engine, real log, real sockets. end-to-end: the real process, from outside.
const project = (name: string, testTimeout: number) => ({
  resolve: { conditions: ['lachan-source'] },
  ssr: { resolve: { conditions: ['lachan-source'] } },
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    // One process per file: the ClickHouse engine binds one data directory per process.
    pool: 'forks' as const,
    server: { deps: { inline: [/@lachan\//] } },
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('unit', 20_000),
      project('contract', 60_000),
      project('integration', 120_000),
      project('end-to-end', 600_000),
    ],
  },
});
