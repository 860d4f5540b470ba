import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChildUnderTest, recordOf, type Finished, type Row } from '../support/lachan-process.js';

const REPORTS = 5_000;

describe('npm run -s demo -- --exit --json', () => {
  let temporary: string;
  let finished: Finished;
  let summary: Row;

  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'lachan-test-demo-'));
    const args = ['run', '-s', 'demo', '--', '--exit', '--json', '--reports', String(REPORTS)];
    finished = await new ChildUnderTest('npm', args, { env: { TMPDIR: temporary } }).finished();
    summary = recordOf(JSON.parse(finished.stdout));
  });

  afterAll(() => rm(temporary, { recursive: true, force: true }));

  const count = (name: string): number => {
    const value = summary[name];
    if (typeof value !== 'number') throw new TypeError(`${name} is not a number`);
    return value;
  };

  it('ends well, with one line of JSON on standard output and the figures for people on standard error', () => {
    expect(finished).toMatchObject({ code: 0, signal: null });
    expect(finished.stdout.trimEnd().split('\n')).toHaveLength(1);
    for (const figure of ['counts', 'trends', 'hosts', 'freshness']) {
      expect(finished.stderr).toContain(`lachan query ${figure}`);
    }
  });

  it('submits what was asked for, and every report is accepted or rejected', () => {
    expect(count('submitted')).toBe(REPORTS);
    expect(count('accepted') + count('rejected')).toBe(REPORTS);
  });

  it('counts every accepted sending once: reports + duplicates + conflicts + dead letters = records of the log', () => {
    const outcomes = ['reports', 'duplicates', 'conflicts', 'dead_letters'].map(count);
    expect(outcomes.reduce((sum, n) => sum + n, 0)).toBe(count('log_records'));
    expect(count('log_records')).toBeGreaterThanOrEqual(count('accepted'));
    expect(count('dead_letters')).toBe(0);
  });

  it('has as many reports as there are distinct ids among the receipts', () => {
    expect(count('distinct_accepted')).toBe(count('reports'));
  });

  it('finds every duplicate, conflict and invalid report that was made on purpose, and nothing else', () => {
    const made = recordOf(summary['made']);
    expect(made['duplicates']).toBeGreaterThan(0);
    expect(made['conflicts']).toBeGreaterThan(0);
    expect(made['invalid']).toBeGreaterThan(0);
    expect(made).toEqual({
      duplicates: count('duplicates'),
      conflicts: count('conflicts'),
      invalid: count('rejected'),
    });
  });

  it('is audited', () => {
    expect(summary['audit_ok']).toBe(true);
  });

  it('leaves nothing behind', async () => {
    const left = (await readdir(temporary)).filter((name) => name.startsWith('lachan'));
    expect(left).toEqual([]);
  });
});
