import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission, type Ticket, type Wait } from '../../gateway/admission.js';

const limits = { maxInFlightBytes: 1_000, maxLandingLag: 10_000, creditPerStream: 5_000 };
const admissionAt = (lag: number): Admission => new Admission(limits, () => lag);

function ticketOf(answer: Ticket | Wait): Ticket {
  if (!('release' in answer)) throw new Error(`told to wait: ${answer.message}`);
  return answer;
}
function waitOf(answer: Ticket | Wait): Wait {
  if ('release' in answer) throw new Error('admitted');
  return answer;
}

describe('admission', () => {
  it('takes batches up to the limit of bytes, and then says when to send again', () => {
    const admission = admissionAt(0);
    const first = ticketOf(admission.admit(600));
    ticketOf(admission.admit(400));
    const wait = waitOf(admission.admit(1));
    expect(wait.retryAfterMs).toBeGreaterThan(0);
    expect(wait.message).not.toBe('');
    first.release();
    expect(admission.inFlightBytes).toBe(400);
    ticketOf(admission.admit(600));
    expect(admission.inFlightBytes).toBe(1_000);
  });

  it('takes one batch that is larger than the limit, alone', () => {
    const admission = admissionAt(0);
    const large = ticketOf(admission.admit(1_000_000));
    waitOf(admission.admit(1));
    large.release();
    ticketOf(admission.admit(1));
    waitOf(admission.admit(1_000_000));
  });

  it('counts a place as given back once, however often it is', () => {
    const admission = admissionAt(0);
    const twice = ticketOf(admission.admit(300));
    ticketOf(admission.admit(300));
    twice.release();
    twice.release();
    expect(admission.inFlightBytes).toBe(300);
  });

  it('never holds more than the limit, whatever comes and goes', () => {
    const step = fc.oneof(
      fc.record({ admit: fc.integer({ min: 0, max: 1_000 }) }),
      fc.record({ release: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const admission = admissionAt(0);
        const open: { readonly ticket: Ticket; readonly bytes: number }[] = [];
        for (const one of steps) {
          if ('admit' in one) {
            const answer = admission.admit(one.admit);
            if ('release' in answer) open.push({ ticket: answer, bytes: one.admit });
          } else if (open.length > 0) {
            open.splice(one.release % open.length, 1)[0]?.ticket.release();
          }
          expect(admission.inFlightBytes).toBe(open.reduce((sum, { bytes }) => sum + bytes, 0));
          expect(admission.inFlightBytes).toBeLessThanOrEqual(limits.maxInFlightBytes);
        }
      }),
    );
  });

  it('takes nothing while too much is waiting to be landed', () => {
    ticketOf(admissionAt(limits.maxLandingLag).admit(1));
    const admission = admissionAt(limits.maxLandingLag + 1);
    waitOf(admission.admit(1));
    expect(admission.inFlightBytes).toBe(0);
  });

  it('asks to wait the longer the further landing is behind, from half a second to half a minute', () => {
    const lags = [10_001, 11_000, 15_000, 20_000, 50_000, 10_000_000];
    const waits = lags.map((lag) => waitOf(admissionAt(lag).admit(1)).retryAfterMs);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0]).toBeGreaterThanOrEqual(500);
    expect(new Set(waits).size).toBeGreaterThan(4);
    expect(waits.at(-1)).toBe(30_000);
  });
});

describe('the credit of a stream', () => {
  it('is whole until landing is half as far behind as it may be', () => {
    expect([0, 1, 5_000].map((lag) => admissionAt(lag).credit())).toEqual([5_000, 5_000, 5_000]);
  });

  it('shrinks from there on, and never to nothing', () => {
    const lags = [5_000, 6_000, 7_500, 9_000, 9_990, 10_000, 20_000, 1e12];
    const credits = lags.map((lag) => admissionAt(lag).credit());
    expect(credits).toEqual(credits.toSorted((a, b) => b - a));
    expect(credits[2]).toBe(2_500);
    expect(credits.slice(-3)).toEqual([100, 100, 100]);
  });

  it('is a whole number, whatever the limits and the lag', () => {
    const whole = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(whole, whole, fc.nat(), (maxLandingLag, creditPerStream, lag) => {
        const admission = new Admission({ ...limits, maxLandingLag, creditPerStream }, () => lag);
        expect(admission.credit()).toSatisfy(Number.isSafeInteger);
        expect(admission.credit()).toBeGreaterThan(0);
        expect(admission.credit()).toBeLessThanOrEqual(creditPerStream);
      }),
    );
  });
});
