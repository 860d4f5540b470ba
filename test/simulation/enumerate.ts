// Every moment of a run, and every two of them.
import type { Event } from './process.js';
import { simulate, type Plan } from './world.js';

export interface Enumeration {
  /** How many runs there were. */
  readonly tried: number;
  /** What did not hold, with what had happened; after the first few no more is tried. */
  readonly failures: readonly string[];
}

const MOST_FAILURES = 5;

/** One run for each moment of the undisturbed run and each of `events`. */
export async function tryEveryMoment(plan: Plan, events: readonly Event[]): Promise<Enumeration> {
  const { moments } = await simulate(plan);
  const failures: string[] = [];
  for (const event of events) {
    for (const at of moments.keys()) {
      if (failures.length >= MOST_FAILURES) break;
      const { violations } = await simulate({ ...plan, events: new Map([[at, event]]) });
      note(failures, violations, `${event} at ${at} (${moments[at]})`);
    }
  }
  return { tried: moments.length * events.length, failures };
}

/** For each moment of the undisturbed run, one run for each later moment of the run that `first` has made of it. `isMeant`: of the moments for `first`. */
export async function tryEveryPair(
  plan: Plan,
  [first, second]: readonly [Event, Event],
  isMeant: (call: string) => boolean = () => true,
): Promise<Enumeration> {
  const { moments } = await simulate(plan);
  const failures: string[] = [];
  let tried = 0;
  for (const [at, call] of moments.entries()) {
    if (!isMeant(call) || isSame(first, call)) continue;
    const disturbed = await simulate({ ...plan, events: new Map([[at, first]]) });
    for (let then = at + 1; then < disturbed.moments.length; then += 1) {
      if (isSame(second, disturbed.moments[then]!)) continue;
      if (failures.length >= MOST_FAILURES) return { tried, failures };
      const events = new Map([
        [at, first],
        [then, second],
      ]);
      const { violations } = await simulate({ ...plan, events });
      note(
        failures,
        violations,
        `${first} at ${at} (${moments[at]}), ${second} at ${then} (${disturbed.moments[then]})`,
      );
      tried += 1;
    }
  }
  return { tried, failures };
}

/** A question leaves nothing behind: to fail after its answer is to fail before it. */
function isSame(event: Event, call: string): boolean {
  return call.endsWith(' answered') && event !== 'freeze' && event !== 'join';
}

function note(failures: string[], violations: readonly string[], what: string): void {
  if (violations.length > 0 && failures.length < MOST_FAILURES)
    failures.push(`${what}: ${violations.join('; ')}`);
}
