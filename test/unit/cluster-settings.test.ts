import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from 'commander';
import { address, type ClusterFlags } from '../../cli/cluster/options.js';
import { toClusterSettings, toStoreSettings } from '../../cli/cluster/settings.js';
import { CommandFault } from '../../cli/command-fault.js';

const FLAGS: ClusterFlags = {
  kafkaBrokers: 'kafka-0.example:9092,kafka-1.example:9092',
  kafkaPartitions: 12,
  kafkaReplication: 3,
  kafkaMinInsyncReplicas: 2,
  kafkaRetentionHours: 168,
  clickhouseUrl: 'https://clickhouse.example:8443',
  clickhouseDatabase: 'lachan',
};

function faultsOf(change: Partial<ClusterFlags>): string {
  try {
    toClusterSettings({ ...FLAGS, ...change });
  } catch (fault) {
    if (fault instanceof CommandFault && fault.exitCode === 2) return fault.message;
    throw fault;
  }
  return '';
}

describe('settings of the cluster', () => {
  it('are what log and store are opened with', () => {
    expect(toClusterSettings({ ...FLAGS, kafkaTls: true, clickhouseCluster: 'main' })).toMatchObject({
      log: {
        brokers: ['kafka-0.example:9092', 'kafka-1.example:9092'],
        tls: {},
        topics: { partitions: 12, replication: 3, minInsyncReplicas: 2, retentionMs: 604_800_000 },
      },
      clickhouse: { url: 'https://clickhouse.example:8443', database: 'lachan', cluster: 'main' },
      deployment: { cluster: 'main' },
    });
    expect(toStoreSettings(FLAGS).deployment).toBe('single');
    expect(toClusterSettings(FLAGS).log).not.toHaveProperty('tls');
    expect(toClusterSettings(FLAGS).log).not.toHaveProperty('sasl');
  });

  it.each<[string, Partial<ClusterFlags>, RegExp]>([
    ['no broker', { kafkaBrokers: '' }, /give --kafka-brokers/],
    ['a broker without a port', { kafkaBrokers: 'kafka.example' }, /kafka\.example is not HOST:PORT/],
    ['no store', { clickhouseUrl: '' }, /give --clickhouse-url/],
    ['more copies in sync than copies', { kafkaReplication: 1 }, /2 is more than there are copies/],
    ['a user without a password', { kafkaSaslUsername: 'lachan' }, /belong together/],
    [
      'a file that is not there',
      { kafkaTls: true, kafkaCaFile: '/not/there.pem' },
      /there\.pem cannot be read/,
    ],
    ['a password file that is not there', { clickhousePasswordFile: '/not/there' }, /there cannot be read/],
  ])('with %s are refused', (_, change, message) => {
    expect(faultsOf(change)).toMatch(message);
  });

  it('are refused with everything that is wrong at once', () => {
    const faults = faultsOf({ kafkaBrokers: '', clickhouseUrl: '', kafkaReplication: 1 });
    expect(faults.split('\n')).toHaveLength(3);
  });
});

describe('an address to listen on', () => {
  it.each([
    ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['gateway.example:50051', { host: 'gateway.example', port: 50_051 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
  ])('%s is read', (text, read) => {
    expect(address(text)).toEqual(read);
  });

  it.each(['8080', ':8080', 'host:', 'host:65536', '::1:8080', 'http://host:80', 'a b:80'])(
    '%s is refused',
    (text) => {
      expect(() => address(text)).toThrow(InvalidArgumentError);
    },
  );
});
