// A user's complaint that proves well-founded is a duty of the provider that received it.
import { contextOf, type CycleDraft, type Draft } from './draft.js';
import type { Span } from './instants.js';
import { deadlinesFor } from './rule.js';
import { isPursued } from './transitions.js';

/**
 * The clock starts when the complaint is known to be well-founded: with the assessment, or with a complaint
 * about what was assessed before. At most one such duty per cycle, and none where no rule asks for it.
 */
export function openComplaint(draft: Draft, cycle: CycleDraft, eventId: string, start: Span): void {
  const isFounded = cycle.finding === 'ILLEGAL' || cycle.finding === 'HARMFUL_NOT_ILLEGAL';
  if (!isFounded || draft.complainedTo === '' || !isPursued(cycle.status)) return;
  const trigger = 'COMPLAINT_FOUNDED';
  if (cycle.duties.some((duty) => duty.trigger === trigger)) return;
  const deadlines = deadlinesFor(draft.rules, trigger, start.earliestMs, contextOf(draft));
  if (deadlines.length === 0) return;
  const addressee = draft.complainedTo;
  cycle.duties.push({ trigger, eventId, addressee, start, deadlines, acknowledgedAtMs: null });
}
