// A gateway that only answers, for measuring who reports to it. Arguments: how long it takes over a batch, in
// milliseconds; for how many reports it gives credit. Prints its endpoint.
import { ScriptedGateway } from '../support/scripted-gateway.js';

const [delayMs = '0', credit = '10000'] = process.argv.slice(2);
const gateway = await ScriptedGateway.start({
  credit: Number(credit),
  onBatch: (batch) => {
    gateway.batches.length = 0;
    if (delayMs === '0') batch.stream.accept(batch);
    else setTimeout(() => batch.stream.accept(batch), Number(delayMs));
  },
});
process.stdout.write(`${gateway.endpoint}\n`);
