import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleMessage, exampleMessages } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import {
  freePort,
  lachan,
  listOf,
  Place,
  recordOf,
  textOf,
  type Finished,
  type Row,
  type Serving,
} from '../support/lachan-process.js';

const COMMANDS = [
  [],
  ['start'],
  ['providers'],
  ['providers', 'add'],
  ['providers', 'list'],
  ['providers', 'revoke'],
  ['submit'],
  ['query'],
  ['enrich'],
  ['audit'],
  ['migrate'],
  ['unseal'],
  ['demo'],
] as const;

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Finished> =>
  lachan({ env }, ...args).finished();
/** What a person reads on standard error when a command fails. */
const said = ({ code, stderr }: Finished): string => {
  expect(code).not.toBe(0);
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr;
};
const json = (reportId: string): string =>
  JSON.stringify({
    reportId,
    category: 'CATEGORY_CSAM',
    locations: [{ url: `https://lachan-demo-1.vn/${reportId}` }],
    detectedAt: { instant: '2026-10-01T08:00:00Z' },
    detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
  });

describe('a command by itself', () => {
  it('explains itself with --help, and names its options', async () => {
    const helps = await Promise.all(COMMANDS.map((command) => run({}, ...command, '--help')));
    for (const [i, command] of COMMANDS.entries()) {
      const { code, stdout } = helps[i] ?? { code: undefined, stdout: '' };
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: ${['lachan', ...command].join(' ')}`);
    }
    const all = helps[0]?.stdout ?? '';
    for (const [command] of COMMANDS.slice(1)) expect(all).toMatch(new RegExp(`^ {2}${command}`, 'm'));
    expect(helps[7]?.stdout).toMatch(/counts[^]*trends[^]*hosts[^]*freshness/);
  });

  it('refuses variables that nobody knows, all at once, before anything is done', async () => {
    const env = { LACHAN_DATADIR: '/nowhere', LACHAN_GRPC_PROT: '1', LACHAN_JSON: 'perhaps' };
    const finished = await run(env, 'start');
    expect(finished.code).toBe(2);
    const message = said(finished);
    expect(message).toContain('LACHAN_DATADIR');
    expect(message).toContain('LACHAN_GRPC_PROT');
    expect(message).toContain('LACHAN_JSON must be true or false');
    expect(finished.stdout).toBe('');
  });

  it('tells wrong usage (exit status 2) from failures of its own', async () => {
    const slips: readonly (readonly [slip: readonly string[], message: RegExp])[] = [
      [['drop'], /unknown command/],
      [['query', 'counts', '--all'], /unknown option/],
      [['submit'], /missing required argument/],
      [['start', '--grpc-port', '70000'], /whole number from 0 to 65535/],
      [['query', 'counts', '--param', 'environment'], /name=value/],
      [['unseal', 'r-1', '--private-key', 'nowhere.pem'], /not a UUID: r-1/],
    ];
    const told = await Promise.all(slips.map(([slip]) => run({}, ...slip)));
    for (const [i, [, message]] of slips.entries()) {
      expect(told[i]).toMatchObject({ code: 2, stdout: '' });
      expect(told[i]?.stderr).toMatch(message);
    }
    const wrongVariable = await run({ LACHAN_GRPC_PORT: 'many' }, 'start');
    expect(wrongVariable.code).toBe(2);
    expect(wrongVariable.stderr).toContain('LACHAN_GRPC_PORT');
  });
});

describe('commands on a directory that nobody holds', () => {
  let place: Place;
  beforeAll(async () => (place = await Place.make()));
  afterAll(() => place.remove());

  it('migrate says what it has applied, and then that there is nothing more', async () => {
    const first = recordOf(await place.json('migrate', '--json'));
    expect(first['applied']).toEqual(
      expect.arrayContaining(['0001_records', '0002_views', '0003_registries']),
    );
    expect(await place.json('migrate', '--json')).toEqual({ applied: [] });
    expect((await place.run('migrate')).stdout).toContain('up to date');
  });

  it('take variables for options', async () => {
    const env = { LACHAN_DATA_DIR: place.dataDir, LACHAN_FORMAT: 'json', LACHAN_PARAM: 'environment=TEST' };
    // Those of the test suite are nobody's option, and no fault.
    const { code, stdout } = await run({ ...env, LACHAN_TEST_REQUIRE: 'nothing' }, 'query', 'counts');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ environment: 'TEST', log_records: 0 });
  });

  it('let an option win over its variable', async () => {
    const env = { LACHAN_DATA_DIR: place.dataDir, LACHAN_FORMAT: 'json' };
    const { stdout } = await run(env, 'query', 'counts', '--format', 'csv');
    expect(stdout.split('\r\n')[0]).toBe('environment,log_records,reports,duplicates,conflicts,dead_letters');
  });

  it('register providers before the first start, and audit an empty log', async () => {
    await place.provider('Lachan Demo Ảnh & Đồ hoạ');
    const list = listOf(await place.json('providers', 'list', '--json')).map(recordOf);
    expect(list).toMatchObject([
      { provider_id: 'lachan-demo-anh-do-hoa', name: 'Lachan Demo Ảnh & Đồ hoạ', environment: 'PRODUCTION' },
    ]);
    expect(recordOf(await place.json('audit', '--json'))).toMatchObject({ ok: true, tableRows: 0 });
  });

  it('are not misled by what a killed process left behind', async () => {
    const running = join(place.dataDir, 'running.json');
    // Half written; and of a process whose number is now another's.
    const dead = { pid: process.pid, http: `http://127.0.0.1:${await freePort()}`, grpc: '', token: 'x' };
    for (const left of ['', '{"pid":12', JSON.stringify(dead)]) {
      await writeFile(running, left);
      expect(await place.json('providers', 'list', '--json')).toHaveLength(1);
    }
    await rm(running);
  });

  it.each([
    ['submit without a gateway', ['submit', '--token', 'x', '-'], /no gateway runs/],
    ['a provider without a name', ['providers', 'add', '!!!'], /letters or digits/],
    ['a provider that is not there', ['providers', 'revoke', 'nobody'], /no valid credential/],
  ])('say what is wrong: %s', async (_title, args, message) => {
    expect(said(await place.run(...args))).toMatch(message);
  });
});

describe('commands while start runs', () => {
  let place: Place;
  let serving: Serving;
  let token: string;
  const clients: GatewayClient[] = [];

  beforeAll(async () => {
    place = await Place.make();
    serving = await place.start('--landing-wait-ms', '50');
    token = await place.provider('Lachan Demo Cli');
  });
  afterEach(() => clients.splice(0).forEach((client) => client.close()));
  afterAll(() => place.remove());

  const clientOf = (credential: string): GatewayClient => {
    const client = new GatewayClient(serving.grpc, credential);
    clients.push(client);
    return client;
  };

  it('submit - reads reports from standard input, and needs no endpoint', async () => {
    const stdin = `${json('stdin-1')}\n\n${json('stdin-2')}\n{"reportId":"stdin-3"}\n`;
    const args = ['submit', '-', '--json', '--token', token, '--data-dir', place.dataDir];
    const { code, stdout } = await place.runWith({ stdin }, ...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      read: 3,
      accepted: 2,
      rejected: 1,
      unsent: 0,
      rejections: [{ file: '-', line: 4 }],
    });
  });

  it('submit takes several files, and tells people what was wrong by file and line', async () => {
    const files = ['a.ndjson', 'b.ndjson'].map((name) => join(place.root, name));
    await writeFile(files[0] ?? '', `\uFEFF${json('file-1')}\r\n${json('file-2')}`);
    await writeFile(files[1] ?? '', `${json('file-3')}\nnot json\n`);
    const { code, stdout } = await place.run('submit', '--token', token, ...files);
    expect(code).toBe(0);
    expect(stdout).toContain(`${files[1] ?? ''}:2:  MALFORMED`);
    expect(stdout).toMatch(/read 4, accepted 3, rejected 1/);
  });

  it('submit ends with 1 when a report got no receipt, and says why', async () => {
    const file = join(place.root, 'c.ndjson');
    await writeFile(file, `${json('never-1')}\n`);
    expect(said(await place.run('submit', '--token', 'x'.repeat(40), file))).toMatch(
      /REFUSED.*UNAUTHENTICATED/,
    );
    const nobody = ['--endpoint', `127.0.0.1:${await freePort()}`, '--deadline-ms', '300'];
    expect(said(await place.run('submit', '--token', token, ...nobody, file))).toMatch(/DEADLINE/);
    expect(said(await place.run('submit', '--token', token, join(place.root, 'none.ndjson')))).toMatch(
      /ENOENT/,
    );
    expect(said(await place.run('submit', file))).toMatch(/--token/);
  });

  it('query prints a table, JSON or CSV of the same figure', async () => {
    const object = recordOf(await place.json('query', 'counts', '--format', 'json'));
    expect(object).toMatchObject({ environment: 'PRODUCTION', log_records: 5, reports: 5, duplicates: 0 });
    const [header, row] = (await place.run('query', 'counts', '--format', 'csv')).stdout.split('\r\n');
    expect(header).toBe(Object.keys(object).join(','));
    expect(row).toBe(Object.values(object).join(','));
    const [titles, , cells] = (await place.run('query', 'counts')).stdout.split('\n');
    expect(titles?.split(/ +/)).toEqual(Object.keys(object));
    expect(cells?.trim().split(/ +/)).toEqual(Object.values(object).map(String));
    const trends = listOf(
      await place.json(
        'query',
        'trends',
        '--param',
        'interval=hour',
        '--param',
        'limit=1',
        '--format',
        'json',
      ),
    ).map(recordOf);
    expect(trends).toHaveLength(1);
    expect(trends[0]).toMatchObject({ category: 'CSAM', provider_id: 'lachan-demo-cli', is_vn: true });
  });

  it('query refuses what it cannot answer, and says what there is instead', async () => {
    const questions: readonly (readonly [question: readonly string[], message: RegExp])[] = [
      [['sums'], /no figure is called sums.*counts.*trends.*hosts.*freshness/],
      [['counts', '--param', 'provider=x'], /counts has no parameter provider.*environment/],
      [['counts', '--param', 'environment=BOTH'], /environment must be.*PRODUCTION or TEST/],
      [['trends', '--param', 'days=many'], /days must be a whole number/],
      [['counts', '--format', 'xml'], /table, json, csv/],
    ];
    const told = await Promise.all(questions.map(([question]) => place.run('query', ...question)));
    for (const [i, [, message]] of questions.entries()) {
      expect(told[i] && said(told[i])).toMatch(message);
    }
  });

  it('a revoked credential ends at once, on an open stream and for new calls; another of the provider goes on', async () => {
    const [doomed, kept] = [await place.provider('Lachan Demo Two'), await place.provider('Lachan Demo Two')];
    const stream = clientOf(doomed).stream();
    stream.send(1, [exampleMessage('two-1')]);
    await stream.answer(1);
    const before = listOf(await place.json('providers', 'list', '--json')).map(recordOf);
    const credentials = before.filter((row) => row['provider_id'] === 'lachan-demo-two');
    expect(credentials.map((row) => row['revoked_at'])).toEqual(['', '']);
    const which = textOf(credentials[0]?.['credential']);
    expect(await place.json('providers', 'revoke', which, '--json')).toEqual({ revoked: 1 });

    stream.send(2, [exampleMessage('two-2')]);
    expect(await stream.ended()).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await clientOf(doomed).stream().ended()).toMatchObject({ code: 'UNAUTHENTICATED' });
    const request = new Uint8Array();
    expect(await clientOf(doomed).submitBytes(request)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await clientOf(kept).submit([exampleMessage('two-3')])).toHaveLength(1);

    const after = listOf(await place.json('providers', 'list', '--json')).map(recordOf);
    const revoked = after.filter((row) => row['revoked_at'] !== '').map((row) => row['credential']);
    expect(revoked).toEqual([which]);
    // By its name: all that is left.
    expect(await place.json('providers', 'revoke', 'lachan-demo-two', '--json')).toEqual({ revoked: 1 });
    expect(await clientOf(kept).submitBytes(request)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('a second start on the directory is refused, and the first goes on', async () => {
    const second = place.begin();
    const finished = await second.finished();
    expect(finished).toMatchObject({ code: 1, signal: null, stdout: '' });
    expect(said(finished)).toMatch(/another process/);
    const response = await fetch(`${serving.http}/healthz`);
    expect(response.status).toBe(200);
    expect(await clientOf(token).submit([exampleMessage('after-second')])).toHaveLength(1);
    expect(recordOf(await place.json('audit', '--json'))).toMatchObject({ ok: true });
  });

  it('unseal opens a report, and says so when it cannot', async () => {
    const [receipt] = await clientOf(token).submit([exampleMessage('sealed-1')]);
    const id = receipt?.authorityReportId ?? '';
    // Waits until everything accepted has landed.
    await place.json('query', 'counts', '--format', 'json');
    expect(await place.json('unseal', id, '--private-key', place.privateKey)).toMatchObject({
      authority_report_id: id,
      environment: 'PRODUCTION',
      revision: 0,
      fields: { 'locations[0].url': 'https://lachan-demo-1.vn/sealed-1' },
    });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const file = join(place.root, 'other.pem');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const wrong = await place.run('unseal', id, '--private-key', file);
    expect(said(wrong)).toMatch(/does not open the data key/);
    expect(wrong.stdout).toBe('');
    const nothing = '00000000-0000-8000-8000-000000000000';
    const unknown = await place.run('unseal', nothing, '--private-key', place.privateKey);
    expect(said(unknown)).toContain(nothing);
  });

  it('audit tells people partition by partition, and migrate has nothing to do', async () => {
    const audit = await place.run('audit');
    expect(audit).toMatchObject({ code: 0 });
    expect(audit.stdout).toMatch(/lachan\.reports\.v1[^]*lachan\.data-keys\.v1[^]*The audit holds\./);
    expect(await place.json('migrate', '--json')).toEqual({ applied: [] });
  });

  it('metrics and health are open to whoever is on the host', async () => {
    const metrics = await (await fetch(`${serving.http}/metrics`)).text();
    expect(metrics).toMatch(/^lachan_reports_received_total\{verdict="accepted"\} [1-9]/m);
    expect(metrics).toMatch(/^lachan_gateway_faults_total 0$/m);
    expect(metrics).not.toContain('lachan-demo');
  });
});

describe('lachan enrich', () => {
  let place: Place;
  let answers: readonly Row[];
  let inTest: readonly Row[];
  let inStore: readonly Row[];

  const LINES = [
    '{"url":"https://User:secret@Lachan-Demo-1.VN:443/a/../b?x=1#part"}',
    '{"url":"http://[2001:db8::1]:8080/","ip":"192.0.2.7"}',
    '{"ip":"203.0.113.9"}',
    '',
    '{"url":"https://lachan-demo-1.vn/b?x=1"}',
    'not json',
    '{}',
    '{"url":7}',
    '{"url":"ftp://lachan-demo-1.vn/"}',
    '{"url":"no url"}',
    '{"ip":"300.1.1.1"}',
    'null',
  ];

  beforeAll(async () => {
    place = await Place.make();
    const serving = await place.start('--landing-wait-ms', '50');
    const client = new GatewayClient(serving.grpc, await place.provider('Lachan Demo Enrich'));
    await client.submit([exampleMessage('e-1', { locations: [{ url: 'https://lachan-demo-1.vn/b?x=1' }] })]);
    client.close();
    const enrich = async (...more: readonly string[]): Promise<readonly Row[]> => {
      const args = ['enrich', '--data-dir', place.dataDir, ...more];
      const { code, stdout } = await place.runWith({ stdin: LINES.join('\n') }, ...args);
      expect(code).toBe(0);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => recordOf(JSON.parse(line)));
    };
    answers = await enrich();
    inTest = await enrich('--environment', 'TEST');
    await place.json('query', 'counts', '--format', 'json');
    await serving.process.stop();
    [inStore = []] = await place.select('SELECT toString(location_keys[1]) AS location_key FROM records');
  });
  afterAll(() => place.remove());

  it('answers every line that is not empty, in order', () => {
    expect(answers).toHaveLength(LINES.length - 1);
  });

  it('tells what a URL and an address become', () => {
    expect(answers[0]).toMatchObject({
      canonical_url: 'https://lachan-demo-1.vn/b?x=1',
      host: 'lachan-demo-1.vn',
      registrable_domain: 'lachan-demo-1.vn',
      is_vn_domain: true,
      country: null,
      asn: null,
    });
    expect(answers[1]).toMatchObject({
      host: '[2001:db8::1]',
      registrable_domain: null,
      is_vn_domain: false,
    });
    // Set aside for documentation: no country.
    expect(answers[2]).toEqual({
      canonical_url: null,
      location_key: null,
      host: null,
      registrable_domain: null,
      is_vn_domain: false,
      country: null,
      asn: null,
    });
  });

  it('tells the location key under which reports of this directory meet', () => {
    expect(answers[3]).toEqual(answers[0]);
    expect(inStore).toEqual([{ location_key: answers[0]?.['location_key'] }]);
    expect(inTest[0]?.['location_key']).not.toBe(answers[0]?.['location_key']);
  });

  it('tells why there is no answer, and goes on', () => {
    expect(answers.slice(4)).toEqual(
      [
        'NOT_JSON',
        'NEITHER_URL_NOR_IP',
        'NEITHER_URL_NOR_IP',
        'NOT_HTTP',
        'NOT_A_URL',
        'NOT_AN_IP',
        'NEITHER_URL_NOR_IP',
      ].map((error) => ({ error })),
    );
  });
});

describe('commands after start was killed', () => {
  let place: Place;
  let id: string;
  const REPORTS = 20_300;

  beforeAll(async () => {
    place = await Place.make();
    // What does not fill a batch waits long, so that much is accepted and not landed when the kill comes.
    const serving = await place.start('--landing-wait-ms', '20000');
    const client = new GatewayClient(serving.grpc, await place.provider('Lachan Demo Killed'));
    for (let at = 0; at < REPORTS; at += 700) {
      const receipts = await client.submit(exampleMessages(`killed-${at}`, 700));
      if (at === 0) id = receipts[0]?.authorityReportId ?? '';
    }
    await serving.process.kill();
    client.close();
  });
  afterAll(() => place.remove());

  it('unseal lands the rest first, the data keys too', async () => {
    expect(await place.json('unseal', id, '--private-key', place.privateKey)).toMatchObject({
      authority_report_id: id,
      fields: { 'locations[0].url': 'https://lachan-demo-1.vn/killed-0-0' },
    });
  });

  it('query counts everything that was accepted, and audit holds', async () => {
    expect(await place.json('query', 'counts', '--format', 'json')).toMatchObject({
      log_records: REPORTS,
      reports: REPORTS,
      duplicates: 0,
      dead_letters: 0,
    });
    expect(recordOf(await place.json('audit', '--json'))).toMatchObject({ ok: true, tableRows: REPORTS });
  });
});

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
      expect(said(finished)).toMatch(new RegExp(`${file}.* is missing`));
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
      expect(said(finished)).toContain(fresh.privateKey);
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
    expect(said(finished)).toMatch(/EADDRINUSE/);
  });

  it('has spoilt nothing: the next one serves', async () => {
    const next = await place.start();
    expect(await next.process.stop()).toEqual({ code: 0, signal: null });
  });
});
