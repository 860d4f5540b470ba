import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { ReceiptStatus, Rule, StreamReportsResponseSchema } from '@lachan/proto/report-service';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../gateway/receive.js';
import type { Refusal } from '../../gateway/refusal.js';
import { ReportStreamSession, type ReportStream } from '../../gateway/stream-reports.js';

/** The caller's side: what has arrived there, and what it does. */
class Caller implements ReportStream {
  readonly written: Uint8Array[] = [];
  /** Whether the gateway reads on. */
  reads = true;
  /** Whether the caller reads what it is written. */
  takes = true;
  ending: 'open' | 'ended' | Refusal = 'open';

  write(message: Uint8Array): boolean {
    if (this.ending !== 'open') throw new Error('written after the end');
    this.written.push(message);
    return this.takes;
  }
  pause(): void {
    this.reads = false;
  }
  resume(): void {
    this.reads = true;
  }
  end(): void {
    if (this.ending !== 'open') throw new Error('ended twice');
    this.ending = 'ended';
  }
  fail(refusal: Refusal): void {
    if (this.ending !== 'open') throw new Error('ended twice');
    this.ending = refusal;
  }

  responses() {
    return this.written.map((bytes) => fromBinary(StreamReportsResponseSchema, bytes));
  }
  /** Sequences answered, the opening left out. */
  answered(): number[] {
    return this.responses()
      .slice(1)
      .map(({ batchSequence }) => Number(batchSequence));
  }
}

/** A batch that is being worked on. */
interface Working {
  readonly bytes: Uint8Array;
  readonly answer: (answer: Answer) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

class World {
  readonly caller = new Caller();
  readonly working: Working[] = [];
  readonly faults: unknown[] = [];
  credit = 500;
  credentialIsValid = true;
  readonly session: ReportStreamSession;

  constructor(maxBatchesInFlight = 3) {
    this.session = new ReportStreamSession(this.caller, {
      admission: { credit: () => this.credit },
      maxBatchesInFlight,
      receive: (bytes) => (this.credentialIsValid ? this.#work(bytes) : undefined),
      onFault: (error) => this.faults.push(error),
    });
  }

  /** As the transport does, which sends no more while it is paused. */
  send(count = 1): void {
    for (let i = 0; i < count; i += 1) this.session.onMessage(Uint8Array.of(this.working.length));
  }

  /** Answers the n-th batch, whose sequence is n + 1. */
  async accept(...which: readonly number[]): Promise<void> {
    for (const n of which) await this.working[n]?.answer(accepted(n + 1));
  }

  #work(bytes: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settled = (): Promise<void> => new Promise((done) => setImmediate(done));
      this.working.push({
        bytes,
        answer: (answer) => {
          resolve(answer);
          return settled();
        },
        fail: (error) => {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(error);
          return settled();
        },
      });
    });
  }
}

const accepted = (batchSequence: number): Answer => {
  const receipt = { reportId: `r-${batchSequence}`, status: ReceiptStatus.ACCEPTED };
  const receipts = toBinary(
    StreamReportsResponseSchema,
    create(StreamReportsResponseSchema, { receipts: [receipt] }),
  );
  return { kind: 'receipts', batchSequence, receipts };
};
const violations = [{ field: 'reports', rule: Rule.REQUIRED, message: 'x', retryable: false }];

describe('a stream of reports', () => {
  it('opens with credit, before anything was sent', () => {
    const { caller } = new World();
    expect(caller.responses()).toMatchObject([{ batchSequence: 0n, credit: 500, receipts: [] }]);
  });

  it('answers every batch once, as it becomes durable', async () => {
    const world = new World();
    world.send(3);
    expect(world.working.map(({ bytes }) => bytes[0])).toEqual([0, 1, 2]);
    await world.accept(2, 0, 1);
    expect(world.caller.answered()).toEqual([3, 1, 2]);
    expect(world.caller.responses()[1]?.receipts).toMatchObject([{ reportId: 'r-3' }]);
  });

  it('tells with every answer how much credit there is now', async () => {
    const world = new World();
    world.send(2);
    world.credit = 100;
    await world.accept(0);
    world.credit = 300;
    await world.accept(1);
    expect(world.caller.responses().map(({ credit }) => credit)).toEqual([500, 100, 300]);
  });

  it('asks to wait, by the batch', async () => {
    const world = new World();
    world.send();
    await world.working[0]?.answer({
      kind: 'wait',
      batchSequence: 1,
      retryAfterMs: 1_500,
      message: 'Later.',
    });
    const [, response] = world.caller.responses();
    expect(response).toMatchObject({ batchSequence: 1n, receipts: [], throttle: { message: 'Later.' } });
    expect(response?.throttle?.retryDelay && durationMs(response.throttle.retryDelay)).toBe(1_500);
    expect(world.caller.ending).toBe('open');
  });

  it('goes on after a batch that is unusable, and says why it is', async () => {
    const world = new World();
    world.send(2);
    await world.working[0]?.answer({ kind: 'refused', batchSequence: 1, violations });
    await world.accept(1);
    expect(world.caller.responses()[1]).toMatchObject({ violations: [{ field: 'reports' }], receipts: [] });
    expect(world.caller.answered()).toEqual([1, 2]);
  });

  it('ends where a batch does not even say which it is', async () => {
    const world = new World();
    world.send();
    await world.working[0]?.answer({ kind: 'refused', batchSequence: 0, violations });
    expect(world.caller.ending).toEqual({ kind: 'invalid', violations });
    expect(world.caller.answered()).toEqual([]);
  });
});

describe('a stream reads on', () => {
  it('only while fewer batches are in flight than may be', async () => {
    const world = new World(2);
    world.send();
    expect(world.caller.reads).toBe(true);
    world.send();
    expect(world.caller.reads).toBe(false);
    await world.accept(1);
    expect(world.caller.reads).toBe(true);
  });

  it('only while the caller reads the answers', async () => {
    const world = new World();
    world.caller.takes = false;
    world.send();
    await world.accept(0);
    expect(world.caller.reads).toBe(false);
    world.caller.takes = true;
    world.session.onDrain();
    expect(world.caller.reads).toBe(true);
  });

  it('only when neither holds it back', async () => {
    const world = new World(1);
    world.caller.takes = false;
    world.send();
    await world.accept(0);
    world.caller.takes = true;
    // A batch that the transport had handed over before it was paused.
    world.send();
    world.session.onDrain();
    expect(world.caller.reads).toBe(false);
    await world.accept(1);
    expect(world.caller.reads).toBe(true);
    expect(world.caller.answered()).toEqual([1, 2]);
  });
});

describe('a stream whose caller has sent everything', () => {
  it('ends once the last batch is answered', async () => {
    const world = new World();
    world.send(2);
    world.session.onEnd();
    await world.accept(1);
    expect(world.caller.ending).toBe('open');
    await world.accept(0);
    expect(world.caller.answered()).toEqual([2, 1]);
    expect(world.caller.ending).toBe('ended');
  });

  it('ends at once where nothing is in flight', () => {
    const world = new World();
    world.session.onEnd();
    expect(world.caller.ending).toBe('ended');
  });
});

describe('a stream of a gateway that shuts down', () => {
  it('takes no more, answers what it has taken, and ends', async () => {
    const world = new World();
    world.send(2);
    world.session.drain();
    expect(world.caller).toMatchObject({ reads: false, ending: 'open' });
    await world.accept(0);
    expect(world.caller).toMatchObject({ reads: false, ending: 'open' });
    await world.accept(1);
    expect(world.caller.answered()).toEqual([1, 2]);
    expect(world.caller).toMatchObject({ reads: false, ending: 'ended' });
  });

  it('does not read again because the caller does', async () => {
    const world = new World();
    world.caller.takes = false;
    world.send(2);
    await world.accept(0);
    world.session.drain();
    world.session.onDrain();
    expect(world.caller).toMatchObject({ reads: false, ending: 'open' });
    await world.accept(1);
    expect(world.caller.ending).toBe('ended');
  });

  it('ends once, however often it is told', async () => {
    const world = new World();
    world.send();
    world.session.drain();
    world.session.drain();
    world.session.onEnd();
    await world.accept(0);
    world.session.drain();
    expect(world.caller.ending).toBe('ended');
  });
});

describe('a stream that breaks off', () => {
  it('fails when the credential is no longer valid, and takes nothing more', async () => {
    const world = new World();
    world.send();
    world.credentialIsValid = false;
    world.send();
    expect(world.caller.ending).toEqual({ kind: 'unauthenticated' });
    world.credentialIsValid = true;
    world.send();
    expect(world.working).toHaveLength(1);
    await world.accept(0);
    expect(world.caller.answered()).toEqual([]);
  });

  it('fails with a fault, whose cause stays at home', async () => {
    const world = new World();
    const cause = new Error('a cause');
    world.send(2);
    await world.working[1]?.fail(cause);
    expect(world.caller.ending).toEqual({ kind: 'fault' });
    expect(world.faults).toEqual([cause]);
    await world.accept(0);
    expect(world.caller.answered()).toEqual([]);
  });

  it('is written nothing after the caller is gone', async () => {
    const world = new World();
    world.send(2);
    world.session.onClosed();
    await world.accept(0);
    await world.working[1]?.fail(new Error('late'));
    world.session.onEnd();
    world.session.onDrain();
    world.session.drain();
    expect(world.caller.written).toHaveLength(1);
    expect(world.caller.ending).toBe('open');
    expect(world.faults).toHaveLength(1);
  });
});
