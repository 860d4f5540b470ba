import { Rule } from '@lachan/proto/report-service';
import type { EventReceipt } from '@lachan/proto/takedown';
import type { RefusedField } from '../authority-client.js';

/** Every reason for a rejection; `field` is a path within the event. None of no receipt. */
export function violationsOf(receipt: EventReceipt | undefined): readonly RefusedField[] {
  return (receipt?.violations ?? []).map(({ field, rule, message }) => ({
    field,
    rule: Rule[rule],
    message,
  }));
}
