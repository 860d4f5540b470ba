// "What if other rules had been in force", asked of the store: folds the events of cases again, page by page.
import { ENVIRONMENTS } from '../../../schemas/vocabulary.js';
import { VERDICTS } from '../../../takedown/clocks.js';
import type { TakedownEvent } from '../../../takedown/event.js';
import { readEvent } from '../../../takedown/read-event.js';
import { readRules } from '../../../takedown/read-rules.js';
import type { Rule } from '../../../takedown/rule.js';
import { noVerdicts, whatIf, type VerdictCounts } from '../../../takedown/what-if.js';
import { selectCaseEvents, type CaseEventRow } from '../case-events.js';
import { FigureRefusal, textParam, type Figure } from '../figure.js';
import { numberOf, textOf } from '../select.js';
import { asOfParam, environmentParam, readAsOf } from './question.js';
import { instant } from './rows.js';

/** Folded in one go: what is asked meanwhile waits for no more than these. */
const PAGE = 500;

export const whatIfFigure: Figure = {
  help: 'How deadlines would stand had other rules been in force, by folding the events of cases again: some ten thousand cases a second, so cases bounds it. Nothing is changed.',
  params: {
    environment: environmentParam,
    rules: {
      type: 'String',
      fallback: '',
      help: 'the rules, JSON, with the fields of takedown/rules/vietnam-example.ts',
    },
    as_of: asOfParam,
    cases: {
      type: 'UInt32',
      fallback: '100000',
      help: 'how many cases at the most, in the order of their keys',
    },
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const rules = rulesOf(textParam(params, 'rules'));
    const asOfMs = readAsOf(params, nowMs);
    const most = Number(textParam(params, 'cases'));
    const asked = textParam(params, 'environment');
    const environment = ENVIRONMENTS.find((one) => one === asked);
    if (environment === undefined)
      throw new FigureRefusal(`environment must be one of: ${ENVIRONMENTS.join(', ')}`);
    const [size = {}] = await select(
      'SELECT uniqExact(location_key) AS cases FROM cases WHERE environment = {environment:String}',
      { environment },
    );
    const total = new Map<string, VerdictCounts>();
    let folded = 0;
    let after = '00000000-0000-0000-0000-000000000000';
    while (folded < most) {
      const keys = await select(
        `SELECT DISTINCT toString(location_key) AS place, lower(hex(location_key)) AS key FROM cases
         WHERE environment = {environment:String} AND location_key > toUUID({after:String})
         ORDER BY location_key LIMIT {page:UInt32}`,
        { environment, after, page: Math.min(PAGE, most - folded) },
      );
      const last = keys.at(-1);
      if (last === undefined) break;
      after = textOf(last, 'place');
      folded += keys.length;
      const names = keys.map((row) => textOf(row, 'key'));
      const events = await selectCaseEvents(select, environment, names);
      const histories = [...events].map(([locationKey, rows]) => ({
        key: { environment, locationKey },
        events: rows.map(eventOf),
      }));
      for (const [rule, counts] of whatIf(histories, rules, asOfMs)) add(total, rule, counts);
    }
    return rules
      .map((rule) => ({ rule, name: `${rule.id}@${rule.version}` }))
      .map(({ rule, name }) => {
        const {
          MET: met,
          MISSED: missed,
          UNDECIDABLE: undecidable,
          OPEN: open,
        } = total.get(name) ?? noVerdicts();
        const n = met + missed + undecidable + open;
        return {
          clock: rule.trigger.toLowerCase(),
          as_of: instant(asOfMs),
          unit: 'hours',
          counts: 'deadlines',
          rule: name,
          deadline_hours: rule.limitMs / 3_600_000,
          ...{ n, n_open: open, met, missed, undecidable, open },
          cases: folded,
          of_cases: numberOf(size, 'cases'),
        };
      });
  },
};

function rulesOf(text: string): readonly Rule[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FigureRefusal('rules must be JSON: a list of rules as in takedown/rules/vietnam-example.ts');
  }
  const read = readRules(value);
  if ('faults' in read) throw new FigureRefusal(`the rules are not good: ${read.faults.join('; ')}`);
  return read.rules;
}

function eventOf(row: CaseEventRow): TakedownEvent {
  const read = readEvent(row);
  if ('fault' in read) throw new TypeError(`a landed event without a good ${read.fault.field}`);
  return read.event;
}

function add(total: Map<string, VerdictCounts>, rule: string, counts: VerdictCounts): void {
  const sum = total.get(rule) ?? noVerdicts();
  for (const verdict of VERDICTS) sum[verdict] += counts[verdict];
  total.set(rule, sum);
}
