// The figures that `lachan query` and the console show. Each says what it counts.
import { days, FigureRefusal, limit, type Figure, type FigureParam, type FigureRow } from './figure.js';
import type { Select } from './select.js';
import { backlog } from './takedown/backlog.js';
import { deadlineCompliance, timeToBreach } from './takedown/deadlines.js';
import { falseClaims } from './takedown/false-claims.js';
import { providerReports, reportsWithoutLocation } from './takedown/reports.js';
import { reappearance, survival, takedownShares, takedownTimes } from './takedown/takedown-times.js';
import { whatIfFigure } from './takedown/what-if.js';

const environment: FigureParam = {
  type: 'String',
  fallback: 'PRODUCTION',
  allowed: ['PRODUCTION', 'TEST', 'UNKNOWN'],
  help: 'PRODUCTION or TEST (UNKNOWN: dead letters, and replays of them that were repeated)',
};

export const FIGURES: Readonly<Record<string, Figure>> = {
  counts: {
    help: 'Records of the log by outcome. log_records counts the landing table; the others come from its totals view.',
    params: { environment },
    single: true,
    answer: `
      SELECT
        {environment:String} AS environment,
        (SELECT count() FROM records WHERE environment = {environment:String}) AS log_records,
        sumIf(records, outcome = 'REPORT') AS reports,
        sumIf(records, outcome = 'DUPLICATE') AS duplicates,
        sumIf(records, outcome = 'CONFLICT') AS conflicts,
        sumIf(records, outcome = 'DEAD_LETTER') AS dead_letters
      FROM record_totals AS totals WHERE totals.environment = {environment:String}`,
  },
  trends: {
    help: 'Received reports (revision 0; OTHER is no child protection category) and the incidents they stand for.',
    params: {
      environment,
      interval: {
        type: 'String',
        fallback: 'day',
        allowed: ['hour', 'day'],
        help: 'hour or day (Asia/Ho_Chi_Minh)',
      },
      days,
      limit,
    },
    single: false,
    answer: `
      SELECT
        formatDateTime(
          if({interval:String} = 'hour', hour, toStartOfDay(hour, 'Asia/Ho_Chi_Minh')),
          if({interval:String} = 'hour', '%Y-%m-%d %H:00', '%Y-%m-%d'), 'Asia/Ho_Chi_Minh') AS period,
        category, provider_id, detection_method, is_vn,
        sum(records) AS reports, sum(incidents) AS incidents
      FROM record_totals
      WHERE environment = {environment:String} AND outcome = 'REPORT' AND first_revision
        AND kind = 'INITIAL' AND hour >= now('UTC') - toIntervalDay({days:UInt32})
      GROUP BY period, category, provider_id, detection_method, is_vn
      ORDER BY period DESC, reports DESC, category, provider_id, detection_method, is_vn
      LIMIT {limit:UInt32}`,
  },
  hosts: {
    help: 'Received reports (revision 0) by the host they name; a report that names a host twice counts once for it.',
    params: { environment, days, limit },
    single: false,
    answer: `
      SELECT host, registrable_domain, is_vn_domain, country, asn, sum(host_totals.reports) AS reports
      FROM host_totals
      WHERE environment = {environment:String} AND day >= toDate(now('Asia/Ho_Chi_Minh')) - {days:UInt32}
      GROUP BY host, registrable_domain, is_vn_domain, country, asn
      ORDER BY reports DESC, host
      LIMIT {limit:UInt32}`,
  },
  dead_letters: {
    help: 'Records of the log that could not be read, by topic and reason. replayed: were appended again, as what is counted elsewhere; open: were not.',
    params: {},
    single: false,
    answer: `
      SELECT topic, reason, stage, count() AS dead_letters,
        countIf(position IN (
          SELECT replay_of FROM records WHERE replay_of != ''
          UNION ALL SELECT replay_of FROM takedown_records WHERE replay_of != '')) AS replayed,
        dead_letters - replayed AS open
      FROM (
        SELECT 'reports' AS topic, reason, stage,
          concat(toString(log_epoch), ':', toString(log_partition), ':', toString(log_offset)) AS position
        FROM records WHERE environment = 'UNKNOWN' AND outcome = 'DEAD_LETTER'
        UNION ALL
        SELECT 'takedowns' AS topic, reason, stage,
          concat('takedowns:', toString(log_epoch), ':', toString(log_partition), ':', toString(log_offset)) AS position
        FROM takedown_records WHERE outcome = 'DEAD_LETTER'
      ) GROUP BY topic, reason, stage ORDER BY topic, reason, stage`,
  },
  freshness: {
    help: 'From receipt to being visible in queries, in milliseconds, over records received in the last minutes.',
    params: {
      environment,
      minutes: { type: 'UInt32', fallback: '60', help: 'how many minutes back, by time of receipt' },
    },
    single: true,
    answer: `
      SELECT
        {environment:String} AS environment,
        count() AS records,
        round(if(records = 0, 0, quantileExact(0.5)(ms))) AS p50_ms,
        round(if(records = 0, 0, quantileExact(0.9)(ms))) AS p90_ms,
        round(if(records = 0, 0, quantileExact(0.99)(ms))) AS p99_ms
      FROM (
        SELECT dateDiff('millisecond', r.received_at, l.visible_at) AS ms
        FROM (
          SELECT log_epoch, log_partition, log_offset, received_at FROM records
          WHERE environment = {environment:String} AND received_at >= now64(3) - toIntervalMinute({minutes:UInt32})
        ) AS r
        ASOF INNER JOIN landings AS l
          ON r.log_epoch = l.log_epoch AND r.log_partition = l.log_partition AND r.log_offset <= l.to_offset
        WHERE r.log_offset >= l.from_offset
      )`,
  },
  'takedown-times': takedownTimes,
  'takedown-shares': takedownShares,
  survival,
  'deadline-compliance': deadlineCompliance,
  'time-to-breach': timeToBreach,
  'false-claims': falseClaims,
  reappearance,
  backlog,
  'reports-without-location': reportsWithoutLocation,
  'provider-reports': providerReports,
  'what-if': whatIfFigure,
};

/** Checks name and parameters, fills in the defaults, and asks. `nowMs`: by the clock of whoever asks. Throws `FigureRefusal` for a wrong question. */
export async function askFigure(
  select: Select,
  name: string,
  given: Readonly<Record<string, string>>,
  nowMs: number,
): Promise<readonly FigureRow[]> {
  const figure = Object.hasOwn(FIGURES, name) ? FIGURES[name] : undefined;
  if (figure === undefined) {
    throw new FigureRefusal(`no figure is called ${name}; there are: ${Object.keys(FIGURES).join(', ')}`);
  }
  const unknown = Object.keys(given).filter((param) => !(param in figure.params));
  if (unknown.length > 0) {
    throw new FigureRefusal(
      `${name} has no parameter ${unknown.join(', ')}; it takes: ${Object.keys(figure.params).join(', ')}`,
    );
  }
  const params: Record<string, string | number> = {};
  for (const [param, { type, fallback, allowed, help }] of Object.entries(figure.params)) {
    const value = given[param] ?? fallback;
    if (allowed !== undefined && !allowed.includes(value))
      throw new FigureRefusal(`${param} must be: ${help}`);
    if (type === 'UInt32' && !/^\d{1,9}$/.test(value))
      throw new FigureRefusal(`${param} must be a whole number`);
    params[param] = type === 'UInt32' ? Number(value) : value;
  }
  if (typeof figure.answer !== 'string') return figure.answer(select, params, nowMs);
  const rows = await select(figure.answer, params);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, plain(k, v)])));
}

const WHOLE_NUMBER = /^-?\d{1,15}$/;
const TEXT_COLUMNS: ReadonlySet<string> = new Set(['period', 'host', 'registrable_domain', 'provider_id']);

/** 64-bit counts come as text, so that none is rounded; below 10^15 they are numbers again. */
function plain(column: string, value: unknown): unknown {
  return typeof value === 'string' && !TEXT_COLUMNS.has(column) && WHOLE_NUMBER.test(value)
    ? Number(value)
    : value;
}
