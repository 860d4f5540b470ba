import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleMessage, exampleMessages } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import {
  complaintOf,
  freePort,
  lachan,
  listOf,
  Place,
  recordOf,
  type Finished,
  type Row,
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
    const message = complaintOf(finished);
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
    expect(complaintOf(await place.run(...args))).toMatch(message);
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
