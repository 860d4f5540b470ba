// What became of one act, for people and for programs.
import type { Case } from '@lachan/proto/takedown';
import type { ActResult } from './act.js';
import { caseJson } from './format-case.js';
import { bothOf, refusalWords, statusWords } from './words.js';

/** One sentence, and why where it was refused. `name`: what the act is called. */
export function formatResult(name: string, result: ActResult): string {
  const { verdict, refusal, isRepeat, violations, standing, eventId } = result;
  const { version, status } = standing;
  const now = `${status} (${bothOf(statusWords(status))}), version ${version}`;
  const before = isRepeat ? ' This event id had been recorded before.' : '';
  switch (verdict) {
    case 'APPLIED':
      return `${name}: có hiệu lực / applied.${before} Now ${now}\n${name === 'notice' ? untold(standing) : ''}`;
    case 'NO_OP':
      return `${name}: đã làm từ trước / already done, nothing has changed.${before} Still ${now}\n`;
    case 'REFUSED':
      return `${name}: bị từ chối / REFUSED: ${refusal}: ${bothOf(refusalWords(refusal))}.${before} Still ${now}\n`;
    case 'REJECTED':
      return (
        `${name}: không nhận / REJECTED, nothing was recorded.\n` +
        violations.map(({ field, rule, message }) => `  ${field} ${rule}: ${message}\n`).join('')
      );
    case 'PENDING':
      return `${name}: đã ghi / recorded for good as ${eventId}, not judged yet: look again with lachan cases show\n`;
  }
}

/** Where a notice went to nobody, its clock runs all the same. */
function untold({ deadlines }: Case): string {
  return deadlines.some(({ addressee }) => addressee === '')
    ? 'không rõ ai phải gỡ / nobody is registered for this location, so nobody is told: lachan providers own, or notice --addressee\n'
    : '';
}

/** One line of JSON. */
export function resultJson(result: ActResult): string {
  const { eventId, locationKey, verdict, refusal, isRepeat, violations, standing } = result;
  return JSON.stringify({
    event_id: eventId,
    location_key: locationKey,
    verdict,
    refusal,
    refusal_words: refusal === '' ? '' : refusalWords(refusal).en,
    is_repeat: isRepeat,
    violations,
    case: caseJson(standing),
  });
}
