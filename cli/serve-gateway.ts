// The gateway as it runs in every setting: the same limits over whatever log and store it is given.
import type { KeyObject } from 'node:crypto';
import { Admission } from '../gateway/admission.js';
import { openOperatorAuthenticator } from '../gateway/authenticate-operator.js';
import { openAuthenticator } from '../gateway/authenticate.js';
import { openDataKeys } from '../gateway/data-keys.js';
import type { KeyedHash } from '../gateway/keyed-hash.js';
import type { ReceivedCounts } from '../gateway/receive.js';
import { openRefreshed } from '../gateway/refreshed.js';
import { startServer, type ServerLimits, type ServerOptions } from '../gateway/server.js';
import type { ReceivedEvents } from '../gateway/takedown/receive-events.js';
import { Addressees } from '../gateway/takedown/resolve-addressee.js';
import type { Log } from '../log/log.js';
import { selectHoldings } from '../store/queries/addressees.js';
import type { Select } from '../store/queries/select.js';

export interface GatewayParts {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log: Pick<Log, 'append'>;
  readonly keyed: KeyedHash;
  readonly authorityKey: KeyObject;
  readonly select: Select;
  /** How many durable records have not landed yet, as far as is known. */
  readonly landingLag: () => number;
  readonly maxLandingLag: number;
  readonly onReceived: (counts: ReceivedCounts) => void;
  readonly onEvents: (counts: ReceivedEvents) => void;
  /** As of `ServerOptions`. */
  readonly mayPass?: ServerOptions['mayPass'];
  readonly onFault: (error: unknown) => void;
}

export interface ServedGateway {
  /** `host:port` as bound. */
  readonly address: string;
  /** Bytes of batches received and not yet answered. */
  readonly inFlightBytes: () => number;
  /** Open StreamReports calls. */
  readonly streams: () => number;
  /** Open calls of WatchNotices and WatchOutcomes. */
  readonly watchers: () => number;
  /**
   * Reads anew who may call and who answers for what. To be called now and then, as the next; they reject with the
   * store's and the log's fault, and all goes on as before.
   */
  refreshRegistries(): Promise<void>;
  replaceDataKeyIfDue(): Promise<void>;
  /** Takes nothing more, answers what was taken, and closes; after `deadlineMs` whatever is left is cut off. */
  drain(deadlineMs?: number): Promise<void>;
}

const MIB = 1_048_576;
const LIMITS: ServerLimits = {
  maxMessageBytes: 4 * MIB,
  windowBytes: 4 * MIB,
  maxConnections: 1_000,
  maxStreamsPerConnection: 100,
  maxReportStreams: 1_000,
  maxReportStreamsPerCaller: 250,
  maxUnreadBytesPerCaller: 8 * MIB,
  maxBatchesInFlightPerStream: 16,
};
const MAX_IN_FLIGHT_BYTES = 64 * MIB;
const CREDIT_PER_STREAM = 10_000;
const DRAIN_MS = 10_000;
const DATA_KEY_LIFETIME_MS = 3_600_000;

/** Resolves when it serves: the registries are read, and a data key of its own is durable in the log. */
export async function serveGateway(parts: GatewayParts): Promise<ServedGateway> {
  const { log, keyed, select, onReceived, onFault } = parts;
  const authenticator = await openAuthenticator(select);
  const operators = await openOperatorAuthenticator(select);
  const addressees = await openRefreshed(async () => new Addressees(await selectHoldings(select)));
  const dataKeys = await openDataKeys({
    log,
    authorityKey: parts.authorityKey,
    nowMs: Date.now,
    lifetimeMs: DATA_KEY_LIFETIME_MS,
  });
  const admission = new Admission(
    {
      maxInFlightBytes: MAX_IN_FLIGHT_BYTES,
      maxLandingLag: parts.maxLandingLag,
      creditPerStream: CREDIT_PER_STREAM,
    },
    parts.landingLag,
  );
  const server = await startServer({
    host: parts.host,
    port: parts.port,
    limits: LIMITS,
    authenticator,
    operators,
    receiving: { log, keyed, dataKeys, admission, nowMs: Date.now, onReceived },
    events: { addressees, onReceived: parts.onEvents },
    select,
    mayPass: parts.mayPass,
    onFault,
  });
  return {
    address: server.address,
    inFlightBytes: () => admission.inFlightBytes,
    streams: server.streams,
    watchers: server.watchers,
    async refreshRegistries() {
      await Promise.all([authenticator.refresh(), operators.refresh(), addressees.refresh()]);
    },
    replaceDataKeyIfDue: () => dataKeys.replaceIfDue(),
    drain: (deadlineMs = DRAIN_MS) => server.drain(deadlineMs),
  };
}
