import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Precision } from '@lachan/proto/report';
import { TakedownEventType } from '@lachan/proto/takedown';
import { describe, expect, it } from 'vitest';
import { eventFromJson } from '../../../cli/submit/event-from-json.js';

const notice = {
  eventId: 'n-1',
  type: 'TAKEDOWN_EVENT_TYPE_NOTICE_ISSUED',
  location: { url: 'https://lachan-demo-1.vn/x' },
  occurredAt: { instant: '2026-11-01T08:00:00Z', precision: 'PRECISION_SECOND' },
  addressee: 'demo-host',
  legalBasis: 'art. 25',
};

describe('takedown events as JSON', () => {
  it('are read as the proto3 mapping says', () => {
    const read = eventFromJson({ ...notice, observedAt: '2026-11-01T09:00:00+07:00', seenVersion: '4' });
    if (!read.ok) throw new Error('a good event was refused');
    const { event } = read;
    expect(event).toMatchObject({ eventId: 'n-1', addressee: 'demo-host', seenVersion: 4n });
    expect(event.type).toBe(TakedownEventType.NOTICE_ISSUED);
    expect(event.location?.url).toBe('https://lachan-demo-1.vn/x');
    expect(event.occurredAt?.precision).toBe(Precision.SECOND);
    expect(event.observedAt && timestampMs(event.observedAt)).toBe(Date.UTC(2026, 10, 1, 2));
  });

  it('may use the names of the contract', () => {
    const read = eventFromJson({ event_id: 'n-1', location: { service_name: 's', content_id: 'c' } });
    expect(read).toMatchObject({ ok: true, event: { eventId: 'n-1', location: { contentId: 'c' } } });
  });

  it('what does not fit is told by field, every fault at once, and no value is repeated', () => {
    const refused: readonly (readonly [unknown, readonly string[]])[] = [
      [{ ...notice, type: 'SECRET' }, ['type UNKNOWN_VALUE']],
      [{ ...notice, typ: 'x' }, ['typ UNKNOWN_FIELD']],
      [{ ...notice, location: { uri: 'SECRET' } }, ['location.uri UNKNOWN_FIELD']],
      [{ ...notice, location: 'SECRET' }, ['location MALFORMED']],
      [{ ...notice, occurredAt: { instant: 'SECRET' } }, ['occurred_at.instant MALFORMED']],
      [{ ...notice, seenVersion: -1, note: 7 }, ['seen_version MALFORMED', 'note MALFORMED']],
      [{ ...notice, event_id: 'n-2' }, [' MALFORMED']],
      ['SECRET', [' MALFORMED']],
      [null, [' MALFORMED']],
      [[notice], [' MALFORMED']],
    ];
    for (const [json, expected] of refused) {
      const read = eventFromJson(json);
      if (read.ok) throw new Error(`taken: ${JSON.stringify(json)}`);
      expect(read.violations.map(({ field, rule }) => `${field} ${rule}`)).toEqual(expected);
      expect(JSON.stringify(read.violations)).not.toContain('SECRET');
    }
  });
});
