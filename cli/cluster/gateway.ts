// The gateway role: the same gateway as in one process, over Kafka and ClickHouse.
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { checkPartitions } from '../../consumers/epoch.js';
import type { KeyedHash } from '../../gateway/keyed-hash.js';
import { LogFault, type Log } from '../../log/log.js';
import { DATA_KEYS_TOPIC, REPORTS_TOPIC, TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { selectEpochs } from '../../store/queries/landed.js';
import type { Select } from '../../store/queries/select.js';
import { CommandFault } from '../command-fault.js';
import { readAuthorityKey, readIdentityKey } from '../keys.js';
import { createMetrics } from '../metrics.js';
import { serveGateway } from '../serve-gateway.js';
import { checkSchema, mayPass, openTopics, reasonOf, whileStarting } from './connect.js';
import { LandingLag } from './landing-lag.js';
import type { Address, RoleFlags } from './options.js';
import { repeat } from './repeat.js';
import { runRole, type Ground, type RunningRole } from './role.js';

export interface GatewayFlags extends RoleFlags {
  readonly grpcAddress: Address;
  readonly identityKeyFile?: string;
  readonly authorityPublicKeyFile?: string;
  readonly maxLandingLag: number;
}

interface Keys {
  readonly keyed: KeyedHash;
  readonly authorityKey: KeyObject;
}

const LAG_POLL_MS = 1_000;
const HOUSEKEEPING_MS = 5_000;

export async function runGateway(flags: GatewayFlags): Promise<void> {
  const keys = readKeys(flags);
  await runRole(flags, {
    name: 'gateway',
    prepare: checkSchema,
    begin: (ground) => beginGateway(flags, keys, ground),
  });
}

/** Throws `CommandFault` that names what is missing: a role never makes keys, or two gateways had different ones. */
function readKeys(flags: GatewayFlags): Keys {
  const files = [
    ['--identity-key-file', flags.identityKeyFile],
    ['--authority-public-key-file', flags.authorityPublicKeyFile],
  ] as const;
  const faults = files.flatMap(([option, file]) =>
    file === undefined ? [`give ${option}`] : existsSync(file) ? [] : [`${option}: ${file} is not there`],
  );
  const [, [, authorityFile = '']] = files;
  if (faults.length > 0) {
    throw new CommandFault(
      `${faults.join('\n        ')}\n        Keys are made once, for all gateways: lachan keys make --out DIR`,
      2,
    );
  }
  return {
    keyed: readIdentityKey(flags.identityKeyFile ?? ''),
    authorityKey: readAuthorityKey(authorityFile),
  };
}

async function beginGateway(
  flags: GatewayFlags,
  { keyed, authorityKey }: Keys,
  { settings, store, log, registry, logger, patience }: Ground,
): Promise<RunningRole> {
  const select = store.select.bind(store);
  const lag = new LandingLag(log, [REPORTS_TOPIC, TAKEDOWNS_TOPIC], () => performance.now());
  await whileStarting(patience, async () => {
    await openTopics(settings.log, 'gateway');
    await checkShape(log, select);
    await lag.poll();
  });

  const metrics = createMetrics(
    {
      landingLag: () => lag.records(),
      inFlightBytes: () => gateway.inFlightBytes(),
      streams: () => gateway.streams(),
      watchers: () => gateway.watchers(),
    },
    registry,
  );
  const onFault = (error: unknown): void => {
    metrics.fault();
    logger.error({ err: error }, 'a request met a fault');
  };
  const gateway = await whileStarting(patience, () =>
    serveGateway({
      host: flags.grpcAddress.host.includes(':') ? `[${flags.grpcAddress.host}]` : flags.grpcAddress.host,
      port: flags.grpcAddress.port,
      log: refusingWhileAway(log, lag),
      keyed,
      authorityKey,
      select,
      landingLag: () => lag.records(),
      maxLandingLag: flags.maxLandingLag,
      onReceived: ({ accepted, rejected }) => metrics.received(accepted, rejected),
      onEvents: ({ accepted, rejected, unaddressed }) =>
        metrics.receivedEvents(accepted, rejected, unaddressed),
      mayPass,
      onFault,
    }),
  );

  // Told when it begins and when it ends: the log of the process is no drum.
  const failing = new Set<string>();
  const tended = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      if (failing.delete(what)) logger.info(`${what} again`);
    } catch (error) {
      if (!mayPass(error)) metrics.fault();
      if (!failing.has(what)) logger.warn(reasonOf(error), `${what}: not for now`);
      failing.add(what);
    }
  };
  const repeated = [
    repeat(LAG_POLL_MS, () => tended('landing is watched', () => lag.poll()), onFault),
    repeat(
      HOUSEKEEPING_MS,
      () => tended('the registries are read', () => gateway.refreshRegistries()),
      onFault,
    ),
    repeat(
      HOUSEKEEPING_MS,
      () => tended('the data key is replaced when due', () => gateway.replaceDataKeyIfDue()),
      onFault,
    ),
  ];
  return {
    grpc: gateway.address,
    problem: () =>
      lag.isAway() ? 'the brokers do not answer; callers are told to come again later' : undefined,
    async stop() {
      await gateway.drain();
      await Promise.all(repeated.map((one) => one.stop()));
    },
  };
}

/** The log that was landed from has so many partitions; with another number the keys would meet elsewhere. */
async function checkShape(log: Log, select: Select): Promise<void> {
  const epochs = await selectEpochs(select);
  for (const topic of [REPORTS_TOPIC, DATA_KEYS_TOPIC, TAKEDOWNS_TOPIC]) {
    const known = epochs.find((epoch) => epoch.topic === topic);
    if (known !== undefined) checkPartitions(known, (await log.extents(topic)).length);
  }
}

/** While brokers are away, callers hear so at once instead of after the time limit of an append: nothing piles up. */
function refusingWhileAway(log: Log, lag: LandingLag): Pick<Log, 'append'> {
  return {
    append: (topic, records) =>
      lag.isAway()
        ? Promise.reject(new LogFault('UNAVAILABLE', 'The brokers have not answered for a while.'))
        : log.append(topic, records),
  };
}
