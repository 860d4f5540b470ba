// What providers answer to notices and orders, each beside the duty it answers.
import type { CycleDraft } from './draft.js';
import type { Answered } from './event.js';
import type { Span } from './instants.js';

export function applyAnswer(cycle: CycleDraft, event: Answered, { earliestMs }: Span): void {
  const { addressee, id: eventId } = event;
  const block = cycle.blocks.find((each) => each.addressee === addressee);
  if (event.type === 'BLOCK_ORDERED') {
    cycle.blocks.push({ addressee, orderedAtMs: earliestMs, confirmedAtMs: null, verifiedAtMs: null });
  } else if (event.type === 'BLOCK_CONFIRMED' && block !== undefined) block.confirmedAtMs = earliestMs;
  else if (event.type === 'BLOCK_VERIFIED' && block !== undefined) block.verifiedAtMs = earliestMs;
  else if (event.type === 'ACKNOWLEDGED') {
    for (const duty of cycle.duties) {
      if (duty.addressee === addressee) duty.acknowledgedAtMs ??= earliestMs;
    }
  } else if (event.type === 'ACTION_CLAIMED') {
    const { observedAtMs, occurredAt } = event;
    cycle.claims.push({ eventId, addressee, observedAtMs, statedAt: occurredAt, disputedAtMs: null });
  }
}
