// A gateway by itself over the embedded log: real server, real log, nobody who lands.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Admission } from '../../gateway/admission.js';
import { openDataKeys } from '../../gateway/data-keys.js';
import { createKeyedHash } from '../../gateway/keyed-hash.js';
import { Secret } from '../../gateway/secret.js';
import { startServer } from '../../gateway/server.js';
import { Addressees } from '../../gateway/takedown/resolve-addressee.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import { REPORTS_TOPIC } from '../../log/topics.js';

const [directory = '', keepMib = ''] = process.argv.slice(2);
const MIB = 1_048_576;
const TRIM_EVERY_MS = 1_000;
const DRAIN_MS = 5_000;

const log = openEmbeddedLog({ directory, maxBytes: 16_384 * MIB, clock: () => performance.now() });
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
const dataKeys = await openDataKeys({ log, authorityKey: publicKey, nowMs: Date.now, lifetimeMs: 3_600_000 });
const server = await startServer({
  host: '127.0.0.1',
  port: 0,
  // As in `start`.
  limits: {
    maxMessageBytes: 4 * MIB,
    windowBytes: 4 * MIB,
    maxConnections: 1_000,
    maxStreamsPerConnection: 100,
    maxReportStreams: 1_000,
    maxReportStreamsPerCaller: 250,
    maxUnreadBytesPerCaller: 8 * MIB,
    maxBatchesInFlightPerStream: 16,
  },
  authenticator: { authenticate: () => ({ providerId: 'benchmark', environment: 'PRODUCTION' }) },
  operators: { authenticate: () => undefined },
  events: { addressees: { current: () => new Addressees([]) }, onReceived: () => undefined },
  receiving: {
    log,
    keyed: createKeyedHash(new Secret(randomBytes(32))),
    dataKeys,
    admission: new Admission(
      { maxInFlightBytes: 64 * MIB, maxLandingLag: 200_000, creditPerStream: 10_000 },
      () => 0,
    ),
    nowMs: Date.now,
    onReceived: () => undefined,
  },
  select: () => Promise.resolve([]),
  onFault: (error) => process.stderr.write(`${String(error)}\n`),
});

// Nobody lands here, so nobody else would give room back.
const trimming = setInterval(() => {
  trim().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
}, TRIM_EVERY_MS);
async function trim(): Promise<void> {
  if (log.usedBytes() <= Number(keepMib) * MIB) return;
  const [extent] = await log.extents(REPORTS_TOPIC);
  if (extent !== undefined) await log.trim(REPORTS_TOPIC, Math.ceil((extent.first + extent.end) / 2));
}

process.once('message', () => {
  clearInterval(trimming);
  server
    .drain(DRAIN_MS)
    .then(() => log.close())
    .then(
      () => process.exit(),
      () => process.exit(1),
    );
});
process.send?.(server.address);
