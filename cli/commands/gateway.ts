// lachan gateway: the door for providers, one of any number, between Kafka and ClickHouse.
import { Option, type Command } from 'commander';
import { address, identityKeyOption, roleOptions } from '../cluster/options.js';
import type { GatewayFlags } from '../cluster/gateway.js';
import { gatewayTuningOptions } from '../options.js';

export function addGateway(program: Command): void {
  const command = program
    .command('gateway')
    .description('cluster: takes reports into Kafka; any number of them')
    .addOption(identityKeyOption())
    .addOption(
      new Option(
        '--authority-public-key-file <file>',
        "the authority's public key: reports are sealed to it",
      ),
    )
    .addOption(
      new Option('--grpc-address <host:port>', 'where providers are answered (port 0: any free one)')
        .argParser(address)
        .default({ host: '127.0.0.1', port: 50_051 }, '127.0.0.1:50051'),
    );
  for (const option of [...gatewayTuningOptions(), ...roleOptions()]) command.addOption(option);
  command.action(async (flags: GatewayFlags) => {
    const { runGateway } = await import('../cluster/gateway.js');
    await runGateway(flags);
  });
}
