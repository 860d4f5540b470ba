import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealNotice } from '../../gateway/takedown/seal-notice.js';
import { mayBeMissing, pathWithPython, pythonIsMissing } from '../support/python.js';

const integrate = readFileSync(new URL('../../docs/integrate.md', import.meta.url), 'utf8');
const section = integrate.slice(integrate.indexOf('### Open the sealed location'));
const program = /```python\n([^]*?)```/.exec(section)?.[1] ?? '';
const pin = /`pip install ([^`]+)`/.exec(section)?.[1] ?? '';

const LOCATION_KEY = '0b0e7a52-3c1d-4f6a-9b8e-0123456789ab';
const CASE_BYTES = Buffer.from(LOCATION_KEY.replaceAll('-', ''), 'hex');

const reason = mayBeMissing ? pythonIsMissing : undefined;
describe.skipIf(reason !== undefined)(
  `the Python of the documentation that opens a sealed location${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    let PATH: string;
    let directory: string;

    beforeAll(async () => {
      PATH = await pathWithPython([pin]);
      directory = await mkdtemp(join(tmpdir(), 'lachan-test-python-open-'));
      await writeFile(join(directory, 'open.py'), program);
      await writeFile(
        join(directory, 'key.pem'),
        privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      );
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    const open = (box: Buffer, locationKey = LOCATION_KEY) =>
      spawnSync('python', ['open.py', 'key.pem', locationKey], {
        cwd: directory,
        env: { PATH },
        input: box,
        encoding: 'utf8',
      });

    it.each([
      [{ url: 'https://lachan-demo-1.vn/x' }, "{'url': 'https://lachan-demo-1.vn/x'}\n"],
      [{ serviceName: 'videos', contentId: 'c-1' }, "{'serviceName': 'videos', 'contentId': 'c-1'}\n"],
    ])('gives %j that the gateway sealed', (location, printed) => {
      const { stdout, stderr } = open(sealNotice(publicKey, CASE_BYTES, location));
      expect(stderr).toBe('');
      expect(stdout).toBe(printed);
    });

    it('opens no box beside another notice', () => {
      const box = sealNotice(publicKey, CASE_BYTES, { url: 'https://lachan-demo-1.vn/x' });
      expect(open(box, '0b0e7a52-3c1d-4f6a-9b8e-0123456789ac')).toMatchObject({ status: 1, stdout: '' });
    });
  },
);
