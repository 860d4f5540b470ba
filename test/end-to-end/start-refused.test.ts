import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaintOf, freePort, Place } from '../support/lachan-process.js';

describe('start that cannot serve', () => {
  let place: Place;
  const servers: Server[] = [];

  beforeAll(async () => {
    place = await Place.make();
    const first = await place.start();
    await first.process.stop();
  });
  afterAll(async () => {
    for (const server of servers.splice(0)) server.close();
    await place.remove();
  });

  const takenPort = async (): Promise<string> => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    return String(port);
  };

  it.each(['keys/identity.key', 'keys/authority-public.pem', 'keys'])(
    'ends and says why when %s is missing: another one would orphan what the first has made',
    async (name) => {
      const file = join(place.dataDir, name);
      const aside = join(place.root, 'aside');
      await rename(file, aside);
      const finished = await place.begin().finished();
      expect(finished).toMatchObject({ code: 1, signal: null, stdout: '' });
      expect(complaintOf(finished)).toMatch(new RegExp(`${file}.* is missing`));
      expect(existsSync(file)).toBe(false);
      await rename(aside, file);
    },
  );

  it('does not write over the private key that a broken-off first start, or another directory, has left', async () => {
    const fresh = await Place.make();
    try {
      await mkdir(dirname(fresh.privateKey));
      await writeFile(fresh.privateKey, 'of another');
      const finished = await fresh.begin().finished();
      expect(finished).toMatchObject({ code: 1, signal: null, stdout: '' });
      expect(complaintOf(finished)).toContain(fresh.privateKey);
      expect(await readFile(fresh.privateKey, 'utf8')).toBe('of another');
      await rm(fresh.privateKey);
      const next = await fresh.start();
      expect(await next.process.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await fresh.remove();
    }
  });

  it.each(['--grpc-port', '--http-port'])('ends and says why when %s is taken', async (option) => {
    const finished = await place.begin(option, await takenPort()).finished();
    expect(finished).toMatchObject({ code: 1, signal: null, stdout: '' });
    expect(complaintOf(finished)).toMatch(/EADDRINUSE/);
  });

  it('has spoilt nothing: the next one serves', async () => {
    const next = await place.start();
    expect(await next.process.stop()).toEqual({ code: 0, signal: null });
  });
});
