// One act on one case: recorded, and told what became of it.
import { AuthorityService } from '@lachan/proto/authority-service';
import { ReceiptStatus } from '@lachan/proto/report-service';
import type { Case, CaseEvent } from '@lachan/proto/takedown';
import type { AuthorityClient, RefusedField } from '../authority-client.js';
import { CallFault } from '../authority-client.js';
import { CommandFault } from '../command-fault.js';
import type { ActEvent } from './acts.js';
import { violationsOf } from './receipt-violations.js';
import type { NamedCase } from './name-case.js';

/**
 * PENDING: it is recorded for good, and was not judged in time. REJECTED: the gateway did not take it. `isRepeat`: it had
 * been recorded before under this id. `standing`: the case as it was seen last.
 */
export interface ActResult {
  readonly eventId: string;
  readonly locationKey: string;
  readonly verdict: 'APPLIED' | 'NO_OP' | 'REFUSED' | 'PENDING' | 'REJECTED';
  readonly refusal: string;
  readonly isRepeat: boolean;
  readonly violations: readonly RefusedField[];
  readonly standing: Case;
}

const FIRST_LOOK_MS = 50;
const LONGEST_LOOK_MS = 500;

/** The case as it stands, with its events. Rejects with `CommandFault` when there is none. */
export async function readCase(client: AuthorityClient, named: NamedCase): Promise<Case> {
  try {
    const { case: found } = await client.call(AuthorityService.method.getCase, named);
    if (found !== undefined) return found;
  } catch (error) {
    if (!(error instanceof CallFault) || error.code !== 'NOT_FOUND') throw error;
  }
  throw new CommandFault('there is no such case: nothing was reported there, or it has not landed yet');
}

/**
 * `named`: the case of `before` in the words of whoever acts: a notice tells its addressee a location only where these
 * name it. Waits for at most `waitMs` for the verdict. Rejects with `CallFault`.
 */
export async function act(
  client: AuthorityClient,
  event: ActEvent & { readonly eventId: string },
  named: NamedCase,
  before: Case,
  waitMs: number,
): Promise<ActResult> {
  const { eventId } = event;
  const { locationKey } = before;
  const { receipts } = await client.call(AuthorityService.method.recordEvents, {
    events: [{ ...event, ...named }],
  });
  const [receipt] = receipts;
  const rest = { eventId, locationKey, refusal: '', isRepeat: false, violations: [], standing: before };
  if (receipt?.status !== ReceiptStatus.ACCEPTED) {
    return { ...rest, verdict: 'REJECTED', violations: violationsOf(receipt) };
  }
  const recorded = find(before, eventId);
  if (recorded !== undefined) {
    return recorded.type === event.type
      ? { ...rest, verdict: verdictOf(recorded), refusal: recorded.refusal, isRepeat: true }
      : { ...rest, verdict: 'REFUSED', refusal: 'SAME_ID_OTHER_CONTENT', isRepeat: true };
  }
  const endMs = performance.now() + waitMs;
  for (let delayMs = FIRST_LOOK_MS; ; delayMs = Math.min(LONGEST_LOOK_MS, delayMs * 2)) {
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const standing = await readCase(client, { locationKey });
    const judged = find(standing, eventId);
    if (judged !== undefined && judged.effect !== '') {
      return { ...rest, verdict: verdictOf(judged), refusal: judged.refusal, standing };
    }
    if (performance.now() + delayMs >= endMs) return { ...rest, verdict: 'PENDING', standing };
  }
}

function find({ events }: Case, eventId: string): CaseEvent | undefined {
  return events.find((event) => event.eventId === eventId);
}

function verdictOf({ effect }: CaseEvent): 'APPLIED' | 'NO_OP' | 'REFUSED' {
  return effect === 'REFUSED' || effect === 'NO_OP' ? effect : 'APPLIED';
}
