// A process with open streams of reports that is stopped in the middle: to the gateway its connections are half-open.
//
//   arguments: address, token, number of connections; prints "open" when each has sent a batch
import { writeSync } from 'node:fs';
import { frame, RawCaller } from '../support/raw-http2.js';
import { streamBytes } from '../support/receiving.js';
import { exampleMessage } from '../support/example-reports.js';

const [address, token, connections] = process.argv.slice(2);
if (address === undefined || token === undefined) throw new Error('Arguments: address, token, connections.');
for (let n = 0; n < Number(connections); n += 1) {
  const caller = await RawCaller.connect(address);
  const batch = frame(streamBytes(1, [exampleMessage(`attack-silent-${n}`)]));
  const call = caller.begin('/lachan.v1.ReportService/StreamReports', batch, false, {
    authorization: `Bearer ${token}`,
  });
  await new Promise((resolve) => call.stream.once('data', resolve));
}
writeSync(1, 'open\n');
setInterval(() => undefined, 60_000);
