// A private Kafka broker for the benchmark, with a warm compiler; ends with this process. Runs from the sources, by the
// repository's loader: the broker's files lie beside them. Says, as one line of JSON, where it is.
import { startBrokers } from '../support/kafka/cluster.js';

const HEAP = ['-Xms512m', '-Xmx512m'];

const cluster = await startBrokers(1, { jvm: HEAP });
let stopping: Promise<void> | undefined;
const end = (): void => {
  stopping ??= cluster.stop().then(
    () => process.exit(),
    () => process.exit(1),
  );
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
// Nobody is left who could send a signal.
process.stdin.once('end', end).resume();
const { brokers, version, nodes } = cluster;
process.stdout.write(`${JSON.stringify({ brokers: brokers.join(), version, pid: nodes[0]?.pid })}\n`);
