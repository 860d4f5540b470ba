import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../cli/metrics.js';
import { at, documentsOf, filesIn, listAt, scalar, textOf } from '../support/manifests.js';

const rules = documentsOf('deploy/prometheus/alerts.yaml')
  .flatMap(({ content }) => listAt(content, 'groups'))
  .flatMap((group) => listAt(group, 'rules'));
const names = rules.map((rule) => scalar(at(rule, 'alert')));

async function metricNames(): Promise<ReadonlySet<string>> {
  const zero = (): number => 0;
  const { registry } = createMetrics({
    landingLag: zero,
    landingStopped: () => false,
    inFlightBytes: zero,
    streams: zero,
    logBytes: zero,
    lookupAgeDays: zero,
  });
  const declared = filesIn('cli', '.ts').flatMap((file) => textOf(file).match(/\blachan_\w+(?='|: )/g) ?? []);
  return new Set([...(await registry.getMetricsAsJSON()).map(({ name }) => name), ...declared]);
}

describe('alarms', () => {
  it('have an entry each in the runbook, and the runbook has no other', () => {
    const headings = [...textOf('docs/runbook.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(names);
    for (const rule of rules) {
      const link = `docs/runbook.md#${scalar(at(rule, 'alert')).toLowerCase()}`;
      expect(at(rule, 'annotations', 'runbook')).toBe(link);
      expect(scalar(at(rule, 'annotations', 'summary'))).not.toBe('');
      expect(scalar(at(rule, 'labels', 'severity'))).toMatch(/^(page|ticket)$/);
    }
  });

  it('rest on metrics that Lachan has', async () => {
    const known = await metricNames();
    for (const rule of rules) {
      const metrics = scalar(at(rule, 'expr')).match(/\blachan_\w+/g) ?? [];
      if (!scalar(at(rule, 'expr')).startsWith('up{')) expect(metrics).not.toEqual([]);
      expect(metrics.filter((metric) => !known.has(metric))).toEqual([]);
    }
  });

  it('say in the runbook what it means, where to look, what to do', () => {
    const [, ...entries] = textOf('docs/runbook.md').split(/^## /m);
    for (const entry of entries) {
      for (const part of ['Says', 'Matters', 'Do', 'Never']) expect(entry).toContain(`- **${part}:**`);
    }
  });
});
