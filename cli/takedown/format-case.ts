// Cases for people: the lines of a list, and one case with its history.
import { timestampMs, type Timestamp } from '@bufbuild/protobuf/wkt';
import { toJson, type JsonValue } from '@bufbuild/protobuf';
import { Precision, type EventTime } from '@lachan/proto/report';
import { CaseSchema, type Case, type CaseEvent } from '@lachan/proto/takedown';
import { formatTable, type OutputRow } from '../format-rows.js';
import { categoryName, eventTypeName, stageName, urgencyName } from './contract-names.js';
import { showTime, showTimeLeft, ZONE_NAME, type ShownPrecision } from './show-time.js';
import { bothOf, eventWords, refusalWords, stageWords, statusWords } from './words.js';

/** proto3 JSON with the names of the contract, every field there. */
export function caseJson(found: Case): JsonValue {
  return toJson(CaseSchema, found, { useProtoFieldName: true, alwaysEmitImplicit: true });
}

/** A list of cases. `nowMs`: what time left is counted from. */
export function formatCases(cases: readonly Case[], nowMs: number): string {
  if (cases.length === 0) return 'Không có vụ việc nào / no cases\n';
  return `${formatTable(cases.map((found) => caseRow(found, nowMs)))}${zoneLine()}`;
}

/** The queue: what breaches first stands first, and what has passed its deadline is marked. */
export function formatQueue(cases: readonly Case[], nowMs: number): string {
  if (cases.length === 0) return 'Không có hạn nào đang chạy / no deadline runs\n';
  const overdue = cases.filter((found) => isOverdue(found, nowMs)).length;
  return (
    formatTable(cases.map((found) => queueRow(found, nowMs))) +
    `${cases.length} vụ việc / cases, ${overdue} quá hạn / overdue.\n${zoneLine()}`
  );
}

/** Whether a deadline of the case has passed. */
export function isOverdue(found: Case, nowMs: number): boolean {
  const due = dueMs(found);
  return due !== undefined && due < nowMs;
}

/** Everything the authority knows of a case. */
export function formatCase(found: Case, nowMs: number): string {
  const stage = stageName(found.stage);
  const fields: readonly (readonly [name: string, value: string])[] = [
    ['case', found.locationKey],
    ['version', String(found.version)],
    ['status', `${found.status}: ${bothOf(statusWords(found.status))}`],
    ['stage', stage === '' ? '-' : `${stage}: ${bothOf(stageWords(stage))}`],
    ['owner', found.owner],
    ['category', categoryName(found.category)],
    ['urgency', urgencyName(found.urgency)],
    ['host', hostOf(found)],
    ['reports', String(found.reports)],
    ['opened', timeOf(found.openedAt)],
    ['cycle', String(found.cycle)],
    ['held', found.held ? 'yes: tạm dừng / the clocks stand still' : 'no'],
  ];
  const lines = fields.map(([name, value]) => `${name.padEnd(10)}${value === '' ? '-' : value}\n`).join('');
  return (
    lines +
    `\nHạn / deadlines\n${formatDeadlines(found, nowMs)}` +
    `\nDiễn biến / history\n${formatTable(found.events.map(eventRow))}${zoneLine()}`
  );
}

function formatDeadlines({ deadlines }: Case, nowMs: number): string {
  if (deadlines.length === 0) return 'không có / none\n';
  return formatTable(
    deadlines.map(({ addressee, rule, dueAt }) => ({
      left: showTimeLeft(msOf(dueAt), nowMs),
      due: timeOf(dueAt),
      addressee,
      rule,
    })),
  );
}

function queueRow(found: Case, nowMs: number): OutputRow {
  const [first] = found.deadlines;
  const others = found.deadlines.length - 1;
  return {
    '': isOverdue(found, nowMs) ? '!!' : '',
    left: showTimeLeft(dueMs(found), nowMs),
    due: timeOf(first?.dueAt),
    addressee: first?.addressee ?? '',
    owner: found.owner,
    stage: stageName(found.stage),
    status: bothOf(statusWords(found.status)),
    urgency: urgencyName(found.urgency),
    host: found.host,
    rule: `${first?.rule ?? ''}${others > 0 ? ` +${others}` : ''}`,
    case: found.locationKey,
  };
}

function caseRow(found: Case, nowMs: number): OutputRow {
  const [first] = found.deadlines;
  return {
    case: found.locationKey,
    version: Number(found.version),
    status: bothOf(statusWords(found.status)),
    stage: stageName(found.stage),
    owner: found.owner,
    category: categoryName(found.category),
    urgency: urgencyName(found.urgency),
    host: found.host,
    reports: found.reports,
    opened: timeOf(found.openedAt),
    left: first === undefined ? '' : showTimeLeft(msOf(first.dueAt), nowMs),
    addressee: first?.addressee ?? '',
  };
}

function eventRow(event: CaseEvent): OutputRow {
  const actor = event.actorRole === event.actor ? event.actor : `${event.actorRole} ${event.actor}`.trim();
  return {
    occurred: eventTimeOf(event.occurredAt),
    observed: timeOf(event.observedAt),
    event: `${eventTypeName(event.type)}: ${bothOf(eventWords(eventTypeName(event.type)))}`,
    actor,
    addressee: event.addressee,
    effect: effectOf(event),
    // Of a report the one that `unseal` takes.
    id: event.eventId === '' ? event.authorityReportId : event.eventId,
  };
}

/** What became of an event, in words. */
export function effectOf({ effect, refusal }: Pick<CaseEvent, 'effect' | 'refusal'>): string {
  switch (effect) {
    case 'APPLIED':
      return 'có hiệu lực / applied';
    case 'NO_OP':
      return 'đã làm từ trước / already done';
    case 'REFUSED':
      return `bị từ chối / refused: ${refusal} (${bothOf(refusalWords(refusal))})`;
    default:
      return effect;
  }
}

function hostOf({ host, hostCountry, hostNetwork }: Case): string {
  const network = hostNetwork === 0 ? '' : `AS${hostNetwork}`;
  const where = [hostCountry, network].filter((part) => part !== '').join(' ');
  return where === '' ? host : `${host} (${where})`;
}

function dueMs({ deadlines: [first] }: Case): number | undefined {
  return msOf(first?.dueAt);
}

function msOf(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : timestampMs(timestamp);
}

function timeOf(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? '' : showTime(timestampMs(timestamp));
}

function eventTimeOf(time: EventTime | undefined): string {
  if (time?.instant === undefined) return '';
  return showTime(timestampMs(time.instant), shownPrecision(time.precision));
}

function shownPrecision(precision: Precision): ShownPrecision {
  switch (precision) {
    case Precision.DAY:
      return 'DAY';
    case Precision.MINUTE:
      return 'MINUTE';
    default:
      return 'SECOND';
  }
}

function zoneLine(): string {
  return `Giờ / times: ${ZONE_NAME}\n`;
}
