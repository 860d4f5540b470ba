// A case as it is told, to operators and to providers.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Category, Urgency } from '@lachan/proto/report';
import {
  CaseSchema,
  CaseStage,
  RunningDeadlineSchema,
  type Case,
  type RunningDeadline,
} from '@lachan/proto/takedown';
import { CATEGORIES, URGENCIES } from '../../schemas/vocabulary.js';
import type { StoredCase } from '../../store/queries/cases.js';
import { dueMs } from '../../takedown/clocks.js';
import { STAGES } from '../../takedown/event-types.js';

export function categoryOf(word: string): Category {
  const known = CATEGORIES.find((category) => category === word);
  return known === undefined ? Category.UNSPECIFIED : Category[known];
}

export function urgencyOf(word: string): Urgency {
  const known = URGENCIES.find((urgency) => urgency === word);
  return known === undefined ? Urgency.UNSPECIFIED : Urgency[known];
}

export function stageOf(word: string): CaseStage {
  const known = STAGES.find((stage) => stage === word);
  return known === undefined ? CaseStage.UNSPECIFIED : CaseStage[known];
}

/** Without its events. */
export function caseMessage(stored: StoredCase): Case {
  return create(CaseSchema, {
    locationKey: stored.locationKey,
    version: BigInt(stored.version),
    status: stored.status,
    stage: stageOf(stored.stage),
    owner: stored.owner,
    category: categoryOf(stored.category),
    urgency: urgencyOf(stored.urgency),
    host: stored.host,
    hostCountry: stored.country,
    hostNetwork: stored.asn,
    reports: stored.reportCount,
    openedAt: timestampFromMs(stored.openedAtMs),
    cycle: stored.cycles.length,
    held: stored.isHeld,
    deadlines: openDeadlinesOf(stored),
  });
}

/** As a provider may see it: nothing of who works on it, and of others who have to act. */
export function ownCaseMessage(stored: StoredCase, providerId: string): Case {
  const told = caseMessage(stored);
  told.owner = '';
  told.deadlines = told.deadlines.filter(({ addressee }) => addressee === providerId);
  return told;
}

/** Deadlines that still run, or have passed without the content having been seen down; the first to breach first. */
function openDeadlinesOf({ cycles, duties, pauses }: StoredCase): RunningDeadline[] {
  return duties
    .filter(({ cycle }) => cycles[cycle - 1]?.isOpen === true)
    .flatMap(({ addressee, toMs, deadlines }) =>
      deadlines.map((deadline) => ({ addressee, rule: deadline.rule, due: dueMs(toMs, deadline, pauses) })),
    )
    .sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity))
    .map(({ addressee, rule, due }) => deadlineMessage(addressee, rule, due));
}

/** `due` in ms since 1970; null while it is held. */
export function deadlineMessage(addressee: string, rule: string, due: number | null): RunningDeadline {
  return create(RunningDeadlineSchema, {
    addressee,
    rule,
    ...(due === null ? {} : { dueAt: timestampFromMs(due) }),
  });
}
