// The consumers role: lands the partitions that the group gives it.
import { Gauge } from 'prom-client';
import { loadLookups } from '../../consumers/lookups/load-lookups.js';
import { startConsumers } from '../../consumers/pipeline.js';
import { openRules } from '../../consumers/takedown/open-rules.js';
import { migrate } from '../../store/migrate.js';
import { createMetrics } from '../metrics.js';
import type { LandingFlags } from '../options.js';
import { takedownRulesIn } from '../takedown-rules.js';
import { checkSchema, openTopics, whileStarting } from './connect.js';
import type { RoleFlags } from './options.js';
import { repeat } from './repeat.js';
import { runRole, type Ground, type RunningRole } from './role.js';

export interface ConsumersFlags extends RoleFlags, LandingFlags {
  readonly migrate?: boolean;
  readonly sessionTimeoutMs: number;
}

const MIB = 1_048_576;
const MAX_BATCH_RECORDS = 20_000;
/** Of the batches of all partitions together; their rows and the request take as much again. */
const MAX_BATCHES_BYTES = 64 * MIB;
const LANDING_TIMES_MS = 5_000;

export async function runConsumers(flags: ConsumersFlags): Promise<void> {
  let owned = 0;
  await runRole(flags, {
    name: 'consumers',
    sessionTimeoutMs: flags.sessionTimeoutMs,
    onLogEvent(event) {
      if (event.kind === 'ASSIGNED') owned = event.partitions.length;
      if (event.kind === 'REVOKED') owned = 0;
    },
    async prepare(store, { deployment }) {
      if (flags.migrate === true) await migrate(store, deployment, Date.now());
      await checkSchema(store);
    },
    begin: (ground) => beginConsumers(flags, ground, () => owned),
  });
}

async function beginConsumers(
  flags: ConsumersFlags,
  { settings, store, log, registry, logger, patience }: Ground,
  owned: () => number,
): Promise<RunningRole> {
  const lookups = loadLookups({ countryMmdb: flags.countryMmdb, asnMmdb: flags.asnMmdb });
  const takedownRules = takedownRulesIn(flags.takedownRulesFile);
  /** By topic and partition: why it is held. */
  const held = new Map<string, string>();
  const metrics = createMetrics(
    { landingStopped: () => held.size > 0, lookupAgeDays: () => lookups.ageDays(Date.now()) },
    registry,
  );
  new Gauge({
    name: 'lachan_landing_partitions',
    help: 'Partitions that this process lands, of all topics. 0 for long, while others have some: more processes than partitions.',
    registers: [registry],
    collect() {
      this.set(owned());
    },
  });
  const consumers = await whileStarting(patience, async () => {
    await openTopics(settings.log, 'consumers');
    return startConsumers({
      log,
      store,
      lookups,
      rules: await openRules(store, takedownRules, Date.now()),
      nowMs: Date.now,
      limits: {
        maxRecords: MAX_BATCH_RECORDS,
        maxBytes: MAX_BATCHES_BYTES,
        maxWaitMs: flags.landingWaitMs,
      },
      dedup: { maxExactKeys: flags.dedupKeys, maxFilters: 64 },
      maxDeadLettersInARow: flags.maxDeadLettersInARow,
      maxDeadLetterShare: flags.maxDeadLetterShare,
      acceptDeadLettersTo: flags.acceptDeadLettersTo ?? [],
      onDeadLetters: (count) => metrics.deadLetters(count),
      onLanded: (topic, _partition, { from, to }) => metrics.landed(topic, to - from + 1),
      onRetry(topic, fault) {
        metrics.retried(topic);
        logger.warn({ topic, fault: fault.message }, 'refused for now; landing goes on trying');
      },
      onHeld(topic, partition, fault) {
        const place = `${topic} ${partition}`;
        held.set(place, fault.message);
        logger.fatal(
          { topic, partition, err: fault },
          'a partition is not landed any further; the others go on; see docs/runbook.md',
        );
        return () => held.delete(place);
      },
    });
  });
  const times = repeat(
    LANDING_TIMES_MS,
    () => consumers.noteLandingTimes(),
    // Without them the figures of freshness rest on fewer records, which they say.
    () => undefined,
  );
  return {
    problem() {
      const [why] = held.values();
      return why === undefined ? undefined : `landing has stopped: ${why}`;
    },
    failed: consumers.ended.then(() => new Promise<never>(() => undefined)),
    async stop() {
      await times.stop();
      await consumers.close();
    },
  };
}
