// lachan consumers: landing, one of any number of processes, from Kafka into ClickHouse.
import { Option, type Command } from 'commander';
import type { ConsumersFlags } from '../cluster/consumers.js';
import { roleOptions } from '../cluster/options.js';
import { landingTuningOptions, wholeNumber } from '../options.js';

/** Partitions are landed apart from each other: shorter waits would make more parts than the server likes to merge. */
const LANDING_WAIT_MS = 1_000;

export function addConsumers(program: Command): void {
  const command = program
    .command('consumers')
    .description('cluster: lands what is in Kafka; any number of them, up to the partitions')
    .option('--migrate', 'bring the store to the newest schema first, as lachan migrate does')
    .addOption(
      new Option(
        '--session-timeout-ms <n>',
        'after so long without a sign of life its partitions go to others; an insert is given up at two thirds of it',
      )
        .argParser(wholeNumber(6_000, 300_000))
        .default(30_000),
    );
  for (const option of [...landingTuningOptions(LANDING_WAIT_MS), ...roleOptions()])
    command.addOption(option);
  command.action(async (flags: ConsumersFlags) => {
    const { runConsumers } = await import('../cluster/consumers.js');
    await runConsumers(flags);
  });
}
