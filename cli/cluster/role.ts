// What every role of the cluster does the same way: settings, monitoring from the first moment on, the wait for log and
// store, signals, an orderly end.
import { pino, type Logger } from 'pino';
import { Registry } from 'prom-client';
import type { Log } from '../../log/log.js';
import type { KafkaEvent } from '../../log/kafka-options.js';
import type { Store } from '../../store/store.js';
import { startMonitoring } from '../monitoring-server.js';
import { openLog, openStore, whileStarting, type StartPatience } from './connect.js';
import type { RoleFlags } from './options.js';
import { toClusterSettings, type ClusterSettings } from './settings.js';

export type RoleName = 'gateway' | 'consumers' | 'console';

/** What a role stands on: opened before it, closed after it. */
export interface Ground {
  readonly settings: ClusterSettings;
  readonly store: Store;
  readonly log: Log;
  readonly registry: Registry;
  readonly logger: Logger;
  /** For whatever the role needs of log and store before it serves. */
  readonly patience: StartPatience;
}

export interface RunningRole {
  /** `host:port`, of a role that has one. */
  readonly grpc?: string;
  /** Undefined while it does its work; else what is wrong, in one sentence. */
  readonly problem: () => string | undefined;
  /** Rejects when it cannot go on; never resolves. */
  readonly failed?: Promise<never>;
  /** Finishes what was begun. */
  stop(): Promise<void>;
}

export interface RolePlan {
  readonly name: RoleName;
  /** So long a consumer may be silent; the log's default when left out. */
  readonly sessionTimeoutMs?: number;
  readonly onLogEvent?: (event: KafkaEvent) => void;
  /** Before the log is opened: whatever needs no log is refused first. */
  readonly prepare: (store: Store, settings: ClusterSettings) => Promise<void>;
  readonly begin: (ground: Ground) => Promise<RunningRole>;
}

/** An orderly end takes no longer: whoever stops processes kills them some time later. */
const STOP_MS = 40_000;

/** Runs until a signal ends it. Rejects when it could not start, and when it cannot go on. */
export async function runRole(flags: RoleFlags, plan: RolePlan): Promise<void> {
  const settings = toClusterSettings(flags);
  const logger = pino({ level: flags.logLevel, base: null }, pino.destination({ fd: 2, sync: true }));
  const signal = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  const state = { isServing: false };
  const served = serve(flags, plan, settings, logger, signal, () => (state.isServing = true));
  const ended = await Promise.race([served, signal]);
  if (ended !== undefined && !state.isServing) logger.info({ signal: ended }, 'ended while starting');
  else await served;
  process.exit();
}

async function serve(
  flags: RoleFlags,
  plan: RolePlan,
  settings: ClusterSettings,
  logger: Logger,
  signal: Promise<string>,
  onServing: () => void,
): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.reverse()) await close();
  };
  try {
    const registry = new Registry();
    let problem = (): string | undefined => 'it is starting';
    const monitoring = await startMonitoring({
      ...flags.httpAddress,
      registry,
      health: () => undefined,
      readiness: () => problem(),
      onFault: (error) => logger.error({ err: error }, 'a request for health or metrics met a fault'),
    });
    opened.push(() => monitoring.close());

    const patience = patienceOf(flags, logger, (reason) => (problem = () => reason));
    const store = await whileStarting(patience, () => openStore(settings, plan.sessionTimeoutMs));
    opened.push(() => store.close());
    await whileStarting(patience, () => plan.prepare(store, settings));
    const log = await whileStarting(patience, () =>
      openLog(settings.log, plan.name, plan.sessionTimeoutMs, (event) => {
        tellEvent(logger, event);
        plan.onLogEvent?.(event);
      }),
    );
    opened.push(() => log.close());
    const role = await plan.begin({ settings, store, log, registry, logger, patience });
    opened.push(() => role.stop());
    problem = role.problem;
    onServing();
    announce(plan.name, flags, { grpc: role.grpc, http: monitoring.url });

    role.failed?.catch((error: unknown) => logger.fatal({ err: error }, 'it cannot go on'));
    logger.info({ signal: await Promise.race([signal, role.failed ?? signal]) }, 'shutting down');
    problem = () => 'it is shutting down';
  } catch (error) {
    await endIn(closeAll).catch((fault: unknown) => logger.error({ err: fault }, 'the end was not in order'));
    throw error;
  }
  await endIn(closeAll);
}

/** One wait for all that a start needs: it begins with the start. */
function patienceOf(flags: RoleFlags, logger: Logger, onProblem: (reason: string) => void): StartPatience {
  const beganMs = performance.now();
  let told = '';
  return {
    get waitMs() {
      return flags.startWaitMs - (performance.now() - beganMs);
    },
    onWait({ message }) {
      onProblem(`it is starting: ${message}`);
      // Every second the same would hide what else is said.
      if (message !== told) logger.warn({ fault: message }, 'the start waits for log and store');
      told = message;
    },
  };
}

async function endIn(closeAll: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the end took more than ${STOP_MS} ms`)), STOP_MS);
  });
  try {
    await Promise.race([closeAll(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tellEvent(logger: Logger, event: KafkaEvent): void {
  switch (event.kind) {
    case 'UNREACHABLE':
      return logger.error({ reason: event.reason }, 'the brokers do not answer');
    case 'REACHABLE':
      return logger.info('the brokers answer again');
    case 'ASSIGNED':
      return logger.info({ generation: event.generation, partitions: event.partitions.length }, 'assigned');
    case 'REVOKED':
      return logger.info({ generation: event.generation, reason: event.reason }, 'revoked');
    case 'TOPIC_CREATED':
      return logger.info({ topic: event.topic }, 'made a topic');
    case 'CLIENT':
      // Of the library, about what the log mends or tells by itself.
      return logger.debug(event.message);
  }
}

function announce(
  role: RoleName,
  { json }: RoleFlags,
  { grpc, http }: { readonly grpc: string | undefined; readonly http: string },
): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ ready: true, role, grpc, http, pid: process.pid })}\n`);
    return;
  }
  const providers = grpc === undefined ? '' : `  providers   ${grpc} (gRPC)\n`;
  process.stdout.write(
    `Lachan ${role}.\n${providers}  health      ${http}/healthz, ${http}/readyz\n  metrics     ${http}/metrics\n`,
  );
}
