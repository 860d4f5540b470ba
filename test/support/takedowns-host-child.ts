// A platform that watches notices, in a process of its own that a test may kill: prints each when it is worked off.
// Arguments: endpoint, token, file of the cursor.
import { cursorFile, Takedowns } from '@lachan/sdk';

const [endpoint = '', token = '', path = ''] = process.argv.slice(2);

const print = (line: string): void => void process.stdout.write(`${line}\n`);
for (const event of ['unhandledRejection', 'uncaughtException']) process.on(event, () => print('FAULT'));

const takedowns = new Takedowns({ endpoint, token, retry: { initialMs: 10, maxMs: 50 } });
takedowns.onNotice(
  async (notice) => {
    const receipt = await takedowns.claim(notice);
    if (receipt.status !== 'ACCEPTED') throw new Error('not claimed');
    print(notice.noticeId);
  },
  { ...(await cursorFile(path)), concurrency: 1 },
);
print('READY');
process.on('SIGTERM', () => {
  takedowns.close().then(
    () => print('CLOSED'),
    () => print('FAULT'),
  );
});
