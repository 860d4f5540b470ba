// What was typed or set becomes settings: all files read, everything decided, all faults told at once.
import { readFileSync } from 'node:fs';
import type { KafkaLogOptions } from '../../log/kafka-options.js';
import type { openClickHouse } from '../../store/clickhouse.js';
import type { Deployment } from '../../store/migrate.js';
import { CommandFault } from '../command-fault.js';
import type { ClusterFlags, LogFlags, StoreFlags } from './options.js';

export type SaslMechanism = NonNullable<KafkaLogOptions['sasl']>['mechanism'];

/** What the log is opened with, but for what only the process knows. */
export type LogSettings = Omit<KafkaLogOptions, 'clientId' | 'now' | 'onEvent'>;

export interface StoreSettings {
  readonly clickhouse: Parameters<typeof openClickHouse>[0];
  readonly deployment: Deployment;
}

export interface ClusterSettings extends StoreSettings {
  readonly log: LogSettings;
}

const WRONG_USAGE = 2;
const HOUR_MS = 3_600_000;

/** Throws `CommandFault` that names all that is wrong or missing. */
export function toClusterSettings(flags: ClusterFlags): ClusterSettings {
  const faults: string[] = [];
  const log = logSettings(flags, faults);
  const store = storeSettings(flags, faults);
  refuse(faults);
  return { log, ...store };
}

/** As `toClusterSettings`, of the store alone. */
export function toStoreSettings(flags: StoreFlags): StoreSettings {
  const faults: string[] = [];
  const settings = storeSettings(flags, faults);
  refuse(faults);
  return settings;
}

/** As `toClusterSettings`, of the log alone. */
export function toLogSettings(flags: LogFlags): LogSettings {
  const faults: string[] = [];
  const settings = logSettings(flags, faults);
  refuse(faults);
  return settings;
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new CommandFault(faults.join('\n        '), WRONG_USAGE);
}

function logSettings(flags: LogFlags, faults: string[]): LogSettings {
  const brokers = (flags.kafkaBrokers ?? '').split(',').filter((broker) => broker !== '');
  if (brokers.length === 0) faults.push('give --kafka-brokers (or LACHAN_KAFKA_BROKERS): HOST:PORT,…');
  for (const broker of brokers) {
    if (!/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/.test(broker))
      faults.push(`--kafka-brokers: ${broker} is not HOST:PORT`);
  }
  const { kafkaReplication: replication, kafkaMinInsyncReplicas: minInsyncReplicas } = flags;
  if (minInsyncReplicas > replication)
    faults.push(
      `--kafka-min-insync-replicas ${minInsyncReplicas} is more than there are copies (--kafka-replication ${replication})`,
    );
  const ca = fileOf('--kafka-ca-file', flags.kafkaCaFile, faults);
  if (ca !== undefined && flags.kafkaTls !== true) faults.push('--kafka-ca-file needs --kafka-tls');
  const sasl = saslOf(flags, faults);
  return {
    brokers,
    ...(flags.kafkaTls === true ? { tls: ca === undefined ? {} : { ca } } : {}),
    ...(sasl === undefined ? {} : { sasl }),
    topics: {
      partitions: flags.kafkaPartitions,
      replication,
      minInsyncReplicas,
      retentionMs: flags.kafkaRetentionHours * HOUR_MS,
    },
  };
}

function saslOf(flags: LogFlags, faults: string[]): KafkaLogOptions['sasl'] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username } = flags;
  const password = secretOf('--kafka-sasl-password-file', flags.kafkaSaslPasswordFile, faults);
  const given = [mechanism, username, flags.kafkaSaslPasswordFile];
  if (given.every((one) => one === undefined)) return undefined;
  if (mechanism === undefined || username === undefined || given[2] === undefined) {
    faults.push(
      '--kafka-sasl-mechanism, --kafka-sasl-username and --kafka-sasl-password-file belong together: give all three',
    );
    return undefined;
  }
  return { mechanism, username, password: password ?? '' };
}

function storeSettings(flags: StoreFlags, faults: string[]): StoreSettings {
  const url = flags.clickhouseUrl ?? '';
  if (url === '') faults.push('give --clickhouse-url (or LACHAN_CLICKHOUSE_URL): http://HOST:8123');
  const cluster = flags.clickhouseCluster;
  return {
    clickhouse: {
      url,
      database: flags.clickhouseDatabase,
      username: flags.clickhouseUsername,
      password: secretOf('--clickhouse-password-file', flags.clickhousePasswordFile, faults),
      ca: fileOf('--clickhouse-ca-file', flags.clickhouseCaFile, faults),
      cluster,
    },
    deployment: cluster === undefined ? 'single' : { cluster },
  };
}

/** What stands in the file, without the line end that editors put behind it. */
function secretOf(option: string, file: string | undefined, faults: string[]): string | undefined {
  const text = fileOf(option, file, faults)?.replace(/\r?\n$/, '');
  if (text === '') faults.push(`${option}: ${file ?? ''} is empty`);
  return text;
}

function fileOf(option: string, file: string | undefined, faults: string[]): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch {
    faults.push(`${option}: ${file} cannot be read`);
    return undefined;
  }
}
