// What reporting costs the platform that reports: how long report() takes to return, how late its event loop runs, how
// much memory it holds, while the gateway is fast, slow and gone, without a spool and with one. Prints JSON.
// Arguments: reports a second (default 2,000), seconds of each case (default 10).
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endAll, owned } from './children.js';

const [perSecond = '2000', seconds = '10'] = process.argv.slice(2);
const LOADER = ['--conditions=lachan-source', '--import', './cli/run-typescript.js'];
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

function start(name: string, ...args: string[]): ChildProcess {
  const script = join('test/bench', name);
  return owned(
    spawn(process.execPath, [...LOADER, script, ...args], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('nothing is printed');
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error('a process ended without its line');
}

async function deadEndpoint(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `127.0.0.1:${port}`;
}

const endpoints = {
  none: 'none',
  fast: await firstLine(start('answering-gateway-child.ts', '0', '10000')),
  slow: await firstLine(start('answering-gateway-child.ts', '500', '200')),
  gone: await deadEndpoint(),
};
const results: Record<string, unknown> = {};
for (const [gateway, endpoint] of Object.entries(endpoints)) {
  for (const spool of gateway === 'none' ? [false] : [false, true]) {
    const directory = spool ? await mkdtemp(join(tmpdir(), 'lachan-bench-spool-')) : '';
    const line = await firstLine(start('sdk-latency-child.ts', endpoint, directory, perSecond, seconds));
    results[`${gateway}${spool ? ', spool' : ''}`] = JSON.parse(line);
    if (spool) await rm(directory, { recursive: true });
  }
}
process.stdout.write(
  `${JSON.stringify({ perSecond: Number(perSecond), seconds: Number(seconds), results }, null, 2)}\n`,
);
endAll();
