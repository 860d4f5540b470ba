// The main thread of the embedded setting: gateway, control server, housekeeping. Composes; holds no rule.
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { LANDING_GROUP } from '../../consumers/pipeline.js';
import { Secret } from '../../gateway/secret.js';
import type { EmbeddedLog } from '../../log/embedded-log.js';
import { DATA_KEYS_TOPIC } from '../../log/topics.js';
import type { LogPosition } from '../../schemas/log-position.js';
import { createMetrics } from '../metrics.js';
import { operationsOver, type Operations } from '../operations.js';
import { serveGateway } from '../serve-gateway.js';
import { startControlServer } from './control-server.js';
import type { DataDirectory } from './data-directory.js';
import { openKeys } from './keys.js';
import type { LandingNews, LandingThread } from './landing-thread.js';
import { preferGateway } from './prefer-gateway.js';
import { Progress, trimLog, untilLanded } from './progress.js';
import { removeRunning, writeRunning } from './running.js';

const MIB = 1_048_576;

export interface StartOptions {
  readonly dataDir: string;
  readonly authorityKeyDir: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  /** The embedded log refuses more than this. */
  readonly logMaxMib: number;
  /** Landed records are deleted from the log while it holds more than this. */
  readonly logKeepMib: number;
  readonly maxLandingLag: number;
  readonly landingWaitMs: number;
  readonly dedupKeys: number;
  readonly maxDeadLettersInARow: number;
  readonly maxDeadLetterShare: number;
  readonly acceptDeadLettersTo?: readonly LogPosition[];
  readonly countryMmdb: string | undefined;
  readonly asnMmdb: string | undefined;
  /** The legal clocks of takedown; left out: those of the last start. */
  readonly takedownRulesFile?: string | undefined;
  readonly logger: Logger;
}

export interface RunningEmbedded {
  /** `host:port` */
  readonly grpc: string;
  /** `http://host:port` */
  readonly http: string;
  /** Where the authority's private key was written just now; undefined when there were keys. */
  readonly madePrivateKey: string | undefined;
  readonly operations: Operations;
  /** Rejects when something has stopped that must not; never resolves. */
  readonly failed: Promise<never>;
  /** Answers what was taken, stops landing after the running batch, and releases everything. Safe twice. */
  stop(): Promise<void>;
}

/** What `serve` stands on: opened before it, closed by it. */
export interface Ground {
  readonly directory: DataDirectory;
  readonly landing: LandingThread;
  readonly log: EmbeddedLog;
  readonly listen: (news: LandingNews) => void;
  readonly close: () => Promise<void>;
}

const HOUSEKEEPING_MS = 5_000;
const DAY_MS = 86_400_000;

export async function serve(options: StartOptions, ground: Ground): Promise<RunningEmbedded> {
  const { logger } = options;
  const { directory, landing, log, listen, close } = ground;
  const startedAtMs = Date.now();

  let problem: string | undefined;
  const progress = new Progress();
  const metrics = createMetrics({
    landingLag: () => progress.lag(),
    landingStopped: () => problem !== undefined,
    inFlightBytes: () => gateway.inFlightBytes(),
    streams: () => gateway.streams(),
    watchers: () => gateway.watchers(),
    logBytes: () => log.usedBytes(),
    lookupAgeDays: () => landing.lookupAgeDays + Math.floor((Date.now() - startedAtMs) / DAY_MS),
  });
  listen({
    onLanded(topic, from, to) {
      progress.noteLanded(topic, to);
      metrics.landed(topic, to - from + 1);
    },
    onDeadLetters: (count) => metrics.deadLetters(count),
    onRetry(topic, fault) {
      metrics.retried(topic);
      logger.warn({ topic, fault: fault.message }, 'the store refuses for now; landing goes on trying');
    },
  });
  await progress.read(log, LANDING_GROUP);
  // Whoever has served has made a data key first.
  const [dataKeysTaken] = await log.extents(DATA_KEYS_TOPIC);
  const isNew = (dataKeysTaken?.end ?? 0) === 0;
  const keys = await openKeys(directory, options.authorityKeyDir, isNew);
  const select = landing.store.select.bind(landing.store);
  const onFault = (error: unknown): void => {
    metrics.fault();
    logger.error({ err: error }, 'a request met a fault');
  };
  const gateway = await serveGateway({
    host: options.host,
    port: options.grpcPort,
    log: progress.watching(log),
    keyed: keys.keyed,
    authorityKey: keys.authorityKey,
    select,
    landingLag: () => progress.lag(),
    maxLandingLag: options.maxLandingLag,
    onReceived: ({ accepted, rejected }) => metrics.received(accepted, rejected),
    onEvents: ({ accepted, rejected, unaddressed }) =>
      metrics.receivedEvents(accepted, rejected, unaddressed),
    onFault,
  });

  const failed = landing.stopped.catch((error: unknown) => {
    // A fault of landing says what an operator can do; others are for the log of the process.
    const why = error instanceof Error && error.name === 'LandingFault' ? `: ${error.message}` : '';
    problem = `landing has stopped${why}`;
    throw error;
  });
  // Heard by whoever runs this; unheard it would end the process.
  failed.catch(() => undefined);
  const operations = operationsOver({
    store: landing.store,
    deployment: 'single',
    log: { ...log, ...progress.watching(log) },
    landed: () => untilLanded(progress, () => problem),
    // Done before it serves.
    migrated: [],
    noteLandingTimes: () => landing.noteLandingTimes(),
    onRegistriesChanged: () => gateway.refreshRegistries(),
  });
  const token = new Secret(randomBytes(32).toString('base64url'));
  const control = await startControlServer({
    host: options.host,
    port: options.httpPort,
    token,
    operations,
    registry: metrics.registry,
    problem: () => problem,
    onFault,
  }).catch(async (error: unknown) => {
    await gateway.drain(0);
    throw error;
  });
  writeRunning(directory, {
    pid: process.pid,
    http: control.url,
    grpc: gateway.address,
    token: token.reveal(),
  });

  preferGateway();
  const housekeeping = setInterval(() => {
    preferGateway();
    Promise.all([
      gateway.replaceDataKeyIfDue(),
      gateway.refreshRegistries(),
      trimLog(log, progress, options.logKeepMib * MIB),
    ]).catch(onFault);
  }, HOUSEKEEPING_MS);

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(housekeeping);
    removeRunning(directory);
    await gateway.drain();
    await control.close();
    await close();
  };
  return {
    grpc: gateway.address,
    http: control.url,
    madePrivateKey: keys.madePrivateKey,
    operations,
    failed,
    stop: () => (stopping ??= stop()),
  };
}
