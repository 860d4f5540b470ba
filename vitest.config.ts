import { defineConfig } from 'vitest/config';

// unit: pure, no disk, no socket. contract: one suite per interface, run by each of its bodies.
// simulation: the real pipeline between parts in memory, under a clock of its own.
// integration: real engine, real log, real sockets. end-to-end: the real process, from outside.
// faults: the same, while something goes wrong; LACHAN_FAULTS=long: more of everything.
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
    // One Kafka broker for the whole run, started by the first file that asks for it.
    globalSetup: ['./test/support/kafka/global-setup.ts'],
    projects: [
      project('unit', 20_000),
      project('contract', 60_000),
      project('integration', 120_000),
      project('simulation', 600_000),
      project('end-to-end', 600_000),
      project('faults', 1_800_000),
    ],
  },
});
