import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleMessage } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import {
  complaintOf,
  freePort,
  listOf,
  Place,
  recordOf,
  textOf,
  type Serving,
} from '../support/lachan-process.js';

const json = (reportId: string): string =>
  JSON.stringify({
    reportId,
    category: 'CATEGORY_CSAM',
    locations: [{ url: `https://lachan-demo-1.vn/${reportId}` }],
    detectedAt: { instant: '2026-10-01T08:00:00Z' },
    detectionMethod: 'DETECTION_METHOD_HASH_EXACT',
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
    expect(complaintOf(await place.run('submit', '--token', 'x'.repeat(40), file))).toMatch(
      /REFUSED.*UNAUTHENTICATED/,
    );
    const nobody = ['--endpoint', `127.0.0.1:${await freePort()}`, '--deadline-ms', '300'];
    expect(complaintOf(await place.run('submit', '--token', token, ...nobody, file))).toMatch(/DEADLINE/);
    expect(complaintOf(await place.run('submit', '--token', token, join(place.root, 'none.ndjson')))).toMatch(
      /ENOENT/,
    );
    expect(complaintOf(await place.run('submit', file))).toMatch(/--token/);
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
      expect(told[i] && complaintOf(told[i])).toMatch(message);
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
    expect(complaintOf(finished)).toMatch(/another process/);
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
    expect(complaintOf(wrong)).toMatch(/does not open the data key/);
    expect(wrong.stdout).toBe('');
    const nothing = '00000000-0000-8000-8000-000000000000';
    const unknown = await place.run('unseal', nothing, '--private-key', place.privateKey);
    expect(complaintOf(unknown)).toContain(nothing);
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
