import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ChildUnderTest,
  freePort,
  Place,
  recordOf,
  textOf,
  type Finished,
  type Row,
} from '../support/lachan-process.js';
import { mayBeMissing, pathWithPython, pythonIsMissing } from '../support/python.js';

const PROTO = fileURLToPath(new URL('../../proto', import.meta.url));
const integrate = readFileSync(new URL('../../docs/integrate.md', import.meta.url), 'utf8');
const section = integrate.slice(integrate.indexOf('### Python'), integrate.indexOf('## Files'));
const block = (language: string): string =>
  new RegExp('```' + language + '\\n([^]*?)```').exec(section)?.[1] ?? '';
const client = block('python');
const commands = block('sh');
const command = (pattern: RegExp): string => pattern.exec(commands)?.[1] ?? '';

/** The functions of the client, each until the gateway has asked it to wait (at most ten times). */
const DRIVER = `
import json, report
waits, sleep = [], report.time.sleep
report.time.sleep = lambda seconds: (waits.append(seconds) if seconds else None, sleep(seconds))

def until_told_to_wait(send):
    statuses, waited = [], len(waits)
    for turn in range(10):
        statuses += [receipt.status for receipt in send(turn)]
        if len(waits) > waited:
            break
    accepted = statuses.count(report.service.RECEIPT_STATUS_ACCEPTED)
    return {"waits": len(waits) - waited, "receipts": len(statuses), "accepted": accepted}

def batch(name, size):
    return [report.example(f"{name}-{i}") for i in range(size)]

with report.connect() as channel:
    stub = report.rpc.ReportServiceStub(channel)
    unary = until_told_to_wait(lambda turn: report.submit(stub, batch(f"unary-{turn}", 950)))
    stream = until_told_to_wait(
        lambda turn: report.stream(stub, [batch(f"stream-{turn}-{n}", 700) for n in range(3)]))
    try:
        report.submit(stub, [])
    except report.grpc.RpcError as error:
        refused = error.code().name
print(json.dumps({"unary": unary, "stream": stream, "refused": refused}))
`;

const reason = mayBeMissing ? pythonIsMissing : undefined;
describe.skipIf(reason !== undefined)(
  `the Python client of the documentation, made from the .proto files alone${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let place: Place;
    let first: Finished;
    let driven: Row;
    let rows: readonly Row[];
    let counts: readonly Row[];

    beforeAll(async () => {
      if (pythonIsMissing !== undefined) throw new Error(pythonIsMissing);
      const PATH = await pathWithPython(command(/^pip install (.+)$/m).split(' '));
      place = await Place.make();
      const directory = join(place.root, 'python');
      await mkdir(directory);
      await symlink(PROTO, join(directory, 'proto'));
      await writeFile(join(directory, 'report.py'), client);
      await writeFile(join(directory, 'drive.py'), DRIVER);
      const shell = (line: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
        new ChildUnderTest('sh', ['-c', `cd "${directory}" && ${line}`], {
          env: { ...env, PATH },
        }).finished();

      const made = await shell(command(/^(python -m grpc_tools.+)$/m));
      if (made.code !== 0) throw new Error(made.stderr);

      const LACHAN_TOKEN = await place.provider('Lachan Demo Python');
      const port = String(await freePort());
      const env = { LACHAN_TOKEN, LACHAN_ENDPOINT: `127.0.0.1:${port}` };
      // The client begins before the gateway does.
      const running = shell(command(/(python report\.py)$/m), env);
      const limits = ['--landing-wait-ms', '5000', '--max-landing-lag', '1000'];
      const serving = await place.start('--grpc-port', port, ...limits);
      first = await running;
      const drove = await shell('python drive.py', env);
      if (drove.code !== 0) throw new Error(drove.stderr);
      driven = recordOf(JSON.parse(drove.stdout));
      await place.run('query', 'counts');
      await serving.process.stop();
      [rows = [], counts = []] = await place.select(
        `SELECT report_id, category, detection_method, toString(authority_report_id) AS id
         FROM records WHERE outcome = 'REPORT' AND report_id LIKE 'python-%' ORDER BY report_id`,
        `SELECT splitByChar('-', report_id)[1] AS way, uniqExact(report_id) AS reports
         FROM records WHERE outcome = 'REPORT' GROUP BY way ORDER BY way`,
      );
    });

    afterAll(async () => {
      // Undefined where nothing could be begun.
      await (place as Place | undefined)?.remove();
    });

    it('waits for a gateway that is only starting, and prints a receipt for every report', () => {
      expect(first).toMatchObject({ code: 0, stderr: '' });
      const lines = first.stdout.trimEnd().split('\n');
      const receipts = lines.filter((line) => !line.startsWith(' ')).map((line) => line.split(' '));
      expect(receipts.map(([reportId]) => reportId).sort()).toEqual(
        ['1', '2', ...['1', '2', '3'].flatMap((b) => ['0', '1', '2'].map((i) => `${b}-${i}`))]
          .map((name) => `python-${name}`)
          .sort(),
      );
      expect(receipts.filter(([, status]) => status === 'RECEIPT_STATUS_REJECTED')).toHaveLength(1);
      expect(lines).toContain('  category RULE_REQUIRED Must be given.');
    });

    it('sends what lands: every accepted report is a row under the id that its receipt told', () => {
      const told = first.stdout.split('\n').map((line) => line.split(' '));
      expect(rows).toHaveLength(10);
      for (const row of rows) {
        expect(row).toMatchObject({ category: 'CSAM', detection_method: 'HASH_EXACT' });
        expect(told).toContainEqual([textOf(row['report_id']), 'RECEIPT_STATUS_ACCEPTED', textOf(row['id'])]);
      }
    });

    it('waits as it is told when there is too much, by either way, and loses nothing', () => {
      expect(driven['refused']).toBe('INVALID_ARGUMENT');
      for (const way of ['unary', 'stream']) {
        const { waits, receipts, accepted } = recordOf(driven[way]);
        expect(Number(waits)).toBeGreaterThan(0);
        expect(accepted).toBe(receipts);
        expect(counts).toContainEqual({ way, reports: String(accepted) });
      }
    });
  },
);
