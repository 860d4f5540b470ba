// Options of the cluster: where the log and the store are, and what every role takes.
import { InvalidArgumentError, Option } from 'commander';
import { jsonOption, logLevelOption, wholeNumber } from '../options.js';
import type { SaslMechanism } from './settings.js';

/** As typed or set; nothing is decided yet. */
export interface StoreFlags {
  readonly clickhouseUrl?: string;
  readonly clickhouseDatabase: string;
  readonly clickhouseUsername?: string;
  readonly clickhousePasswordFile?: string;
  readonly clickhouseCaFile?: string;
  readonly clickhouseCluster?: string;
}

export interface LogFlags {
  readonly kafkaBrokers?: string;
  readonly kafkaTls?: boolean;
  readonly kafkaCaFile?: string;
  readonly kafkaSaslMechanism?: SaslMechanism;
  readonly kafkaSaslUsername?: string;
  readonly kafkaSaslPasswordFile?: string;
  readonly kafkaPartitions: number;
  readonly kafkaReplication: number;
  readonly kafkaMinInsyncReplicas: number;
  readonly kafkaRetentionHours: number;
}

export type ClusterFlags = StoreFlags & LogFlags;

export interface RoleFlags extends ClusterFlags {
  readonly httpAddress: Address;
  readonly startWaitMs: number;
  readonly logLevel: string;
  readonly json?: boolean;
}

export const storeOptions = (): readonly Option[] => [
  new Option('--clickhouse-url <url>', 'address of ClickHouse, http or https'),
  new Option('--clickhouse-database <name>', 'database of the tables; migrate makes it').default('lachan'),
  new Option('--clickhouse-username <name>', 'who logs in to ClickHouse'),
  new Option('--clickhouse-password-file <file>', 'holds the password of that user'),
  new Option('--clickhouse-ca-file <file>', 'PEM of the authority that signed its certificate'),
  new Option(
    '--clickhouse-cluster <name>',
    'name of the cluster in its configuration: tables are replicated',
  ),
];

export const logOptions = (): readonly Option[] => [
  new Option('--kafka-brokers <host:port,...>', 'brokers to begin with'),
  new Option('--kafka-tls', 'encrypted connections to the brokers'),
  new Option('--kafka-ca-file <file>', "PEM of the authority that signed the brokers' certificates"),
  new Option('--kafka-sasl-mechanism <name>', 'how to log in to the brokers').choices([
    'plain',
    'scram-sha-256',
    'scram-sha-512',
  ]),
  new Option('--kafka-sasl-username <name>', 'who logs in to the brokers'),
  new Option('--kafka-sasl-password-file <file>', 'holds the password of that user'),
  new Option('--kafka-partitions <n>', 'partitions of the topic of reports; decided once')
    .argParser(wholeNumber(1, 1_000))
    .default(12),
  new Option('--kafka-replication <n>', 'copies of every record').argParser(wholeNumber(1, 100)).default(3),
  new Option('--kafka-min-insync-replicas <n>', 'copies that must be written before a report is acknowledged')
    .argParser(wholeNumber(1, 100))
    .default(2),
  new Option('--kafka-retention-hours <n>', 'how long the brokers keep records')
    .argParser(wholeNumber(1, 1_000_000))
    .default(168),
];

export const identityKeyOption = (): Option =>
  new Option('--identity-key-file <file>', 'the identity key: the same for every gateway and for ever');

/** What every role takes beside its own. */
export const roleOptions = (): readonly Option[] => [
  ...logOptions(),
  ...storeOptions(),
  new Option('--http-address <host:port>', 'where health and metrics are answered (port 0: any free one)')
    .argParser(address)
    .default({ host: '127.0.0.1', port: 8_080 }, '127.0.0.1:8080'),
  new Option('--start-wait-ms <n>', 'how long a start waits for brokers and ClickHouse to answer')
    .argParser(wholeNumber(0, 3_600_000))
    .default(60_000),
  logLevelOption(),
  jsonOption(),
];

/** `host` without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[IPv6]:port`. */
export function address(text: string): Address {
  const [, six, four, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535)) throw new InvalidArgumentError('must be HOST:PORT');
  return { host, port };
}
