// What WatchNotices tells: the notices of a stretch of the log, each to whom it names.
import { create, toBinary } from '@bufbuild/protobuf';
import { WatchNoticesResponseSchema } from '@lachan/proto/takedown-service';
import { selectCases } from '../../store/queries/cases.js';
import {
  eventName,
  selectLateNotices,
  selectNotices,
  selectNoticesOf,
  selectUnapplied,
  type Audience,
  type NoticeRow,
} from '../../store/queries/notices.js';
import { selectReportsOf } from '../../store/queries/outcomes.js';
import type { Select } from '../../store/queries/select.js';
import type { PagePlan } from './lanes.js';
import { noticeMessage } from './notice-message.js';
import type { Page, Source } from './source.js';

/** Ids of reports that one notice names. */
const MAX_REPORT_IDS = 100;

export const notices: Source = {
  kind: 'notices',
  topics: ['takedowns'],
  maxParts: 1,
  read: readNotices,
  cursorPart: (cursor) =>
    toBinary(WatchNoticesResponseSchema, create(WatchNoticesResponseSchema, { cursor })),
};

async function readNotices(select: Select, plan: PagePlan, audience: Audience, limit: number): Promise<Page> {
  const found = await selectNotices(select, plan, audience, limit);
  const cut = found.length < limit ? undefined : found.at(-1);
  const late = await selectLateNotices(select, plan, audience);
  const rows = [...(await appliedOf(select, audience, found)), ...late]
    .filter((row) => cut === undefined || compare(row, cut) <= 0)
    .sort(compare);
  if (rows.length === 0) return { entries: [], cut };
  const { environments } = audience;
  const keys = [...new Set(rows.map(({ locationKey }) => locationKey))];
  const about = { environments, providers: [...new Set(rows.map(({ addressee }) => addressee))] };
  const rung = rows.filter(({ cycle }) => cycle > 0).map(({ locationKey }) => locationKey);
  const issued = rung.length === 0 ? [] : await selectNoticesOf(select, about, [...new Set(rung)]);
  const cases = await selectCases(select, environments, keys);
  const reports = await selectReportsOf(select, about, keys, MAX_REPORT_IDS);
  const issuedTo = groupBy(issued, (row) => placeOf(row, row.addressee));
  const reportsOf = groupBy(reports, (report) => placeOf(report, report.providerId));
  return {
    entries: rows.map((row) => {
      const place = placeOf(row, row.addressee);
      const notice = noticeMessage(row, {
        of: cases.get(row.locationKey),
        issued: issuedTo.get(place) ?? [],
        reportIds: (reportsOf.get(place) ?? []).map(({ reportId }) => reportId),
      });
      const { environment, addressee: providerId, partition, offset } = row;
      const bytes = toBinary(WatchNoticesResponseSchema, create(WatchNoticesResponseSchema, { notice }));
      return { environment, providerId, partition, offset, bytes };
    }),
    cut,
  };
}

type Place = Pick<NoticeRow, 'partition' | 'offset'>;

function compare(a: Place, b: Place): number {
  return a.partition - b.partition || a.offset - b.offset;
}

/** Without the events that changed nothing. */
export async function appliedOf<T extends Pick<NoticeRow, 'environment' | 'locationKey' | 'eventKey'>>(
  select: Select,
  { environments }: Audience,
  events: readonly T[],
): Promise<readonly T[]> {
  if (events.length === 0) return events;
  const keys = [...new Set(events.map(({ locationKey }) => locationKey))];
  const eventKeys = events.map(({ eventKey }) => eventKey);
  const unapplied = await selectUnapplied(select, environments, keys, eventKeys);
  return events.filter(
    ({ environment, locationKey, eventKey }) => !unapplied.has(eventName(environment, locationKey, eventKey)),
  );
}

function placeOf(row: Pick<NoticeRow, 'environment' | 'locationKey'>, providerId: string): string {
  return `${row.environment} ${row.locationKey} ${providerId}`;
}

function groupBy<T>(all: readonly T[], nameOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const known = groups.get(nameOf(one));
    if (known === undefined) groups.set(nameOf(one), [one]);
    else known.push(one);
  }
  return groups;
}
