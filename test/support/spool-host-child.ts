// A platform with a spool, in a process of its own that a test may kill: reports r-START… and prints what it is told.
// Arguments: endpoint, token, directory, first number, how many, most reports in memory.
import { at, Category, DetectionMethod, Reporter } from '@lachan/sdk';

const [endpoint = '', token = '', directory = '', first = '0', count = '0', maxBuffered = '100'] =
  process.argv.slice(2);

/** Before the clock of the gateway in tests. */
const AT_MS = 1_770_000_000_000;
const print = (line: string): void => void process.stdout.write(`${line}\n`);
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, () => print('FAULT'));

const reporter = new Reporter({
  endpoint,
  token,
  maxBufferedReports: Number(maxBuffered),
  maxBatchReports: 20,
  spool: { directory, onReceipt: ({ reportId, status }) => print(`${status} ${reportId}`) },
});
print('READY');
for (let i = Number(first); i < Number(first) + Number(count); i++) {
  await reporter.ready();
  const report = {
    reportId: `r-${i}`,
    category: Category.CSAM,
    locations: [{ url: 'https://lachan-demo-1.vn/x' }],
    detectedAt: at(AT_MS),
    reportedAt: at(AT_MS),
    detectionMethod: DetectionMethod.HASH_EXACT,
  };
  void reporter
    .report(report)
    .then((receipt) =>
      print(`${receipt.status === 'UNSENT' ? receipt.reason : receipt.status} ${receipt.reportId}`),
    );
  // The pace of a host that does other things, too.
  if (i % 20 === 0) await new Promise(setImmediate);
}
print('REPORTED');
process.stdin.resume();
