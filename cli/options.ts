// Options that several commands share, and how their values are read.
import { InvalidArgumentError, Option } from 'commander';
import { parsePosition, type LogPosition } from '../schemas/log-position.js';

export const dataDirOption = (): Option =>
  new Option('--data-dir <dir>', 'directory of the embedded setting').default('./lachan-data');

export const jsonOption = (): Option => new Option('--json', 'print JSON for programs');

export const logLevelOption = (): Option =>
  new Option('--log-level <level>', 'what the process logs on standard error')
    .choices(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info');

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

/** What whoever lands takes. */
export interface LandingFlags {
  readonly landingWaitMs: number;
  readonly dedupKeys: number;
  readonly maxDeadLettersInARow: number;
  readonly maxDeadLetterShare: number;
  readonly acceptDeadLettersTo?: readonly LogPosition[];
  readonly countryMmdb?: string;
  readonly asnMmdb?: string;
  readonly takedownRulesFile?: string;
}

/** What `start` and `demo` take beside the data directory. */
export interface ServeFlags extends LandingFlags {
  readonly dataDir: string;
  readonly authorityKeyDir?: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly logMaxMib: number;
  readonly logKeepMib: number;
  readonly maxLandingLag: number;
}

/** Adds to the positions before; the variable has them separated by spaces. */
function positions(text: string, before: readonly LogPosition[] = []): readonly LogPosition[] {
  const found = text.split(/\s+/).map((one) => {
    const position = parsePosition(one);
    if (position === undefined)
      throw new InvalidArgumentError('must be EPOCH:PARTITION:OFFSET, of takedowns with takedowns: in front');
    return position;
  });
  return [...before, ...found];
}

const port = wholeNumber(0, 65_535);
const MOST_MIB = 16_777_216;

/** Tuning of a gateway, whatever log it writes to. */
export const gatewayTuningOptions = (): readonly Option[] => [
  new Option(
    '--max-landing-lag <n>',
    'accepted records that may wait for landing before callers have to wait',
  )
    .argParser(wholeNumber(1_000, 100_000_000))
    .default(200_000),
];

/** Tuning of landing, whatever log it reads. `landingWaitMs`: what the option is when it is not given. */
export const landingTuningOptions = (landingWaitMs: number): readonly Option[] => [
  new Option('--landing-wait-ms <n>', 'how long a batch is collected before it lands')
    .argParser(wholeNumber(10, 60_000))
    .default(landingWaitMs),
  new Option(
    '--dedup-keys <n>',
    'reports whose keys are held in memory, about 50 bytes each; older ones are asked of the store',
  )
    .argParser(wholeNumber(10_000, 200_000_000))
    .default(8_000_000),
  new Option(
    '--max-dead-letters-in-a-row <n>',
    'more unreadable records one after the other stop landing, instead of draining the log',
  )
    .argParser(wholeNumber(1, 1_000_000_000))
    .default(1_000),
  new Option(
    '--max-dead-letter-share <percent>',
    'more unreadable records among the last 10,000 stop landing too (100: never)',
  )
    .argParser(wholeNumber(1, 100))
    .default(50),
  new Option(
    '--accept-dead-letters-to <position...>',
    'after landing has stopped for dead letters: let them land up to here, as the message says',
  ).argParser(positions),
  new Option('--country-mmdb <file>', "the operator's own country database, before the bundled one"),
  new Option('--asn-mmdb <file>', "the operator's own network database, before the bundled one"),
  new Option(
    '--takedown-rules-file <file>',
    'the legal clocks, JSON; left out: those of the last start, at the first the example for Vietnam',
  ),
];

/** Tuning of a process that is gateway, log and landing in one. */
export const tuningOptions = (): readonly Option[] => [
  new Option('--log-max-mib <n>', 'the log refuses more than this')
    .argParser(wholeNumber(16, MOST_MIB))
    .default(16_384),
  new Option('--log-keep-mib <n>', 'landed records are deleted from the log above this')
    .argParser(wholeNumber(1, MOST_MIB))
    .default(2_048),
  ...gatewayTuningOptions(),
  ...landingTuningOptions(250),
];

export const addressOptions = (): readonly Option[] => [
  new Option('--host <address>', 'address to listen on').default('127.0.0.1'),
  new Option('--grpc-port <port>', 'port for providers (0: any free one)').argParser(port).default(50_051),
  new Option('--http-port <port>', 'port for health, metrics and commands (0: any free one)')
    .argParser(port)
    .default(8_080),
];
