import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataDirectory } from '../../cli/embedded/data-directory.js';
import { seededRandom } from '../../cli/demo/random.js';
import { exampleMessages } from '../support/example-reports.js';
import { expectLandedOnce, LONG, SEED, tellSeed } from '../support/faults.js';
import { GatewayClient } from '../support/gateway-client.js';
import { listOf, Place, recordOf, textOf, until } from '../support/lachan-process.js';

const READ_CHILD = 'test/faults/read-log-child.ts';
const REPORTS = 4_000;
const BATCH = 500;
const PLACES = LONG ? 400 : 40;

/** What came of reading one damaged log. */
interface Reading {
  readonly digests: readonly unknown[];
  readonly fault: string;
}

describe(`a log whose file was changed by others (seed ${SEED})`, () => {
  let place: Place;
  let log: string;
  let accepted: readonly string[];
  let whole: Buffer;

  beforeAll(async () => {
    tellSeed('damaged-log.test.ts');
    place = await Place.make();
    log = dataDirectory(place.dataDir).log;
    const serving = await place.start('--landing-wait-ms', '60000', '--log-level', 'warn');
    const client = new GatewayClient(serving.grpc, await place.provider('Lachan Demo Damage'));
    const ids: string[] = [];
    for (let at = 0; at < REPORTS; at += BATCH) {
      const receipts = await client.submit(exampleMessages(`damage-${at}`, BATCH));
      ids.push(...receipts.map(({ reportId }) => reportId));
    }
    accepted = ids;
    client.close();
    await serving.process.kill();
    whole = await readFile(join(log, 'data.mdb'));
  });
  afterAll(() => place.remove());

  /** Reads a copy of the log for each of these files. A process that dies at one goes on with the next. */
  async function readings(files: readonly Buffer[]): Promise<readonly Reading[]> {
    const directories: string[] = [];
    for (const [i, file] of files.entries()) {
      const directory = join(place.root, `damaged-${i}`);
      await cp(log, directory, { recursive: true });
      await writeFile(join(directory, 'data.mdb'), file);
      directories.push(directory);
    }
    const found: Reading[] = [];
    while (found.length < directories.length) {
      const { stdout, signal, stderr } = await place.child(READ_CHILD, ...directories.slice(found.length));
      for (const line of stdout.split('\n').slice(0, -1)) {
        const { digests, fault } = recordOf(JSON.parse(line));
        found.push({ digests: listOf(digests), fault: textOf(fault) });
      }
      if (found.length < directories.length)
        found.push({ digests: [], fault: `the process: ${signal ?? stderr.slice(0, 300)}` });
    }
    for (const directory of directories) await rm(directory, { recursive: true });
    return found;
  }

  it(`in one bit of ${PLACES} places: what is read is what was written, up to where the damage is noticed`, async () => {
    const random = seededRandom(SEED);
    const flipped = Array.from({ length: PLACES }, () => {
      const file = Buffer.from(whole);
      const at = Math.floor(random() * file.length);
      file[at] = file.readUInt8(at) ^ (1 << Math.floor(random() * 8));
      return file;
    });
    const [good, ...damaged] = await readings([whole, ...flipped]);
    expect(good?.fault).toBe('');
    expect(good?.digests).toHaveLength(REPORTS);
    for (const { digests, fault } of damaged) {
      expect(digests).toEqual(good?.digests.slice(0, digests.length));
      if (digests.length < REPORTS) expect(fault).not.toBe('');
      expect(fault).not.toContain('other:');
    }
  });

  it('in a record: landing stops before it and says so, reports are still accepted; with the right file all lands once', async () => {
    const file = Buffer.from(whole);
    const at = file.indexOf('damage-2000-250');
    expect(at).toBeGreaterThan(0);
    for (let from = at; from >= 0; from = file.indexOf('damage-2000-250', from)) file[from] = 0x44;
    await writeFile(join(log, 'data.mdb'), file);
    const store = join(place.root, 'store-before');
    await cp(dataDirectory(place.dataDir).store, store, { recursive: true });

    const serving = await place.start('--landing-wait-ms', '50', '--log-level', 'warn');
    await until('landing to stop', async () =>
      (await fetch(`${serving.http}/healthz`)).status === 503 ? true : undefined,
    );
    expect(serving.process.stderr).toContain('is not what was written');
    await serving.process.stop();
    const [rows = []] = await place.select(`SELECT report_id FROM records`);
    const landed = new Set(rows.map((row) => textOf(row['report_id'])));
    expect(landed.size).toBe(rows.length);
    expect([...landed].filter((id) => !accepted.includes(id))).toEqual([]);

    await writeFile(join(log, 'data.mdb'), whole);
    await rm(dataDirectory(place.dataDir).store, { recursive: true });
    await cp(store, dataDirectory(place.dataDir).store, { recursive: true });
    const mended = await place.start('--landing-wait-ms', '50', '--log-level', 'warn');
    expect(recordOf(await place.json('query', 'counts', '--format', 'json'))).toMatchObject({
      reports: REPORTS,
    });
    expect(await mended.process.stop()).toEqual({ code: 0, signal: null });
    await expectLandedOnce(place, accepted);
  });
});
