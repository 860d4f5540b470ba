import { SubjectRole } from '@lachan/proto/report';
import { Reporter, type ReportOutcomes } from '@lachan/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleMessage } from '../support/example-reports.js';
import { GatewayClient } from '../support/gateway-client.js';
import { Place, recordOf, until, type Row } from '../support/lachan-process.js';

describe('TEST and PRODUCTION with the same provider, ids and addresses', () => {
  let place: Place;
  let ids: Readonly<Record<'PRODUCTION' | 'TEST', readonly string[]>>;
  /** Answers of `query`: by world and figure. */
  const figures = new Map<string, readonly Row[]>();
  let seenFromTest: ReportOutcomes | undefined;
  let rows: readonly Row[];

  beforeAll(async () => {
    place = await Place.make();
    const serving = await place.start('--landing-wait-ms', '50');
    const send = async (world: 'PRODUCTION' | 'TEST', count: number): Promise<readonly string[]> => {
      const token = await place.provider('Lachan Demo Both', world);
      const client = new GatewayClient(serving.grpc, token);
      const reports = Array.from({ length: count }, (_, i) =>
        exampleMessage(`b-${i}`, {
          subjects: [{ role: SubjectRole.REPORTED, account: 'demo-account' }],
          locations: [
            { url: 'https://lachan-demo-1.vn/same' },
            { contentId: 'same', serviceName: 'Lachan Demo' },
          ],
        }),
      );
      const receipts = await client.submit(reports);
      client.close();
      if (world === 'TEST') {
        const reporter = new Reporter({ endpoint: serving.grpc, token });
        seenFromTest = await until('b-0 to land', () => reporter.lookup('b-0'));
        await reporter.close();
      }
      return receipts.map(({ authorityReportId }) => authorityReportId);
    };
    ids = { PRODUCTION: await send('PRODUCTION', 3), TEST: await send('TEST', 2) };
    for (const question of [
      'PRODUCTION counts',
      'TEST counts',
      'TEST trends',
      'TEST hosts',
      'TEST freshness',
    ]) {
      const [world = '', figure = ''] = question.split(' ');
      const answer = await place.json('query', figure, '--param', `environment=${world}`, '--format', 'json');
      figures.set(question, Array.isArray(answer) ? answer.map(recordOf) : [recordOf(answer)]);
    }
    await serving.process.stop();
    [rows = []] = await place.select(
      `SELECT environment, provider_id, report_id, toString(authority_report_id) AS id,
         toString(record_key) AS record_key, payload_digest,
         arrayMap(key -> toString(key), location_keys) AS location_keys,
         arrayMap(token -> toString(token), sealed_tokens) AS tokens
       FROM records ORDER BY log_offset`,
    );
  });

  afterAll(() => place.remove());

  const keysOf = (world: string): Set<unknown> =>
    new Set(
      rows
        .filter((row) => row['environment'] === world)
        .flatMap(({ id, record_key, location_keys, tokens }) =>
          [id, record_key, location_keys, tokens].flat(),
        ),
    );

  it('are counted apart, and neither makes a duplicate of the other', () => {
    const none = { duplicates: 0, conflicts: 0, dead_letters: 0 };
    expect(figures.get('PRODUCTION counts')).toEqual([
      { environment: 'PRODUCTION', log_records: 3, reports: 3, ...none },
    ]);
    expect(figures.get('TEST counts')).toEqual([
      { environment: 'TEST', log_records: 2, reports: 2, ...none },
    ]);
    expect(seenFromTest).toMatchObject({ total: 1, outcomes: [{ outcome: 'LANDED' }] });
  });

  it('never meet in a figure', () => {
    expect(figures.get('TEST trends')).toMatchObject([{ category: 'CSAM', reports: 2 }]);
    expect(figures.get('TEST hosts')).toMatchObject([{ host: 'lachan-demo-1.vn', reports: 2 }]);
    expect(figures.get('TEST freshness')).toMatchObject([{ environment: 'TEST', records: 2 }]);
  });

  it('have other authority ids', () => {
    expect(new Set([...ids.PRODUCTION, ...ids.TEST]).size).toBe(5);
  });

  it('share no key by which one could be joined to the other: ids, locations, accounts', () => {
    expect(new Set(rows.map((row) => row['provider_id'])).size).toBe(1);
    const [production, test] = [keysOf('PRODUCTION'), keysOf('TEST')];
    // 3 (2) ids, record keys; 2 locations, whose tokens are their keys; 1 account.
    expect([production.size, test.size]).toEqual([3 + 3 + 2 + 1, 2 + 2 + 2 + 1]);
    expect([...production].filter((key) => test.has(key))).toEqual([]);
  });
});
