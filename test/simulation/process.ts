// One process of the simulation. It passes a moment before and after every effect that it has on the log and the
// store, and at each of them something may happen to it.
import type { Consumers } from '../../consumers/pipeline.js';

/** What may happen at a moment. */
export const EVENTS = [
  /** The process is gone; what it had begun does not go on. */
  'crash',
  /** The call fails, and what it has not done by now it never does. */
  'fault',
  /** As `fault`, but an insert that has been sent goes on behind the back of the process. */
  'late',
  /** The store refuses for good, which stops the process. */
  'refusal',
  /** The process stands still and loses what it owns to another one, which begins. */
  'freeze',
  /** Processes that stand still go on, and do not know that they have lost anything. */
  'wake',
  /** Another process begins and takes its share. */
  'join',
  /** Somebody stops the process in good order. */
  'stop',
] as const;
export type Event = (typeof EVENTS)[number];

/** What a process asks of the world. */
export interface Fate {
  /** What happens to `process` at this moment, if anything. */
  next(process: Process, call: string): Event | undefined;
  delay(): Promise<void> | undefined;
  /** The others go on without `process`. */
  leave(process: Process): void;
  wakeAll(): void;
  join(): void;
}

/** The faults with which a call can fail. */
export interface Faults {
  readonly passing: () => Error;
  readonly lasting?: () => Error;
}

export class Process {
  state: 'runs' | 'frozen' | 'stopping' | 'ended' = 'runs';
  consumers: Consumers | undefined;
  #wakened: Promise<void> | undefined;
  #wake: () => void = () => undefined;

  constructor(
    private readonly fate: Fate,
    readonly name: string,
  ) {}

  /** Resolves when the call goes on, with true when it fails but goes on unseen; never when the process is gone. */
  async pass(call: string, faults: Faults): Promise<'goes on' | 'unseen'> {
    await this.fate.delay();
    await this.#awake();
    const event = this.fate.next(this, call);
    switch (event) {
      case undefined:
        return 'goes on';
      case 'crash':
        this.end();
        this.fate.leave(this);
        return forever();
      case 'fault':
        throw faults.passing();
      case 'late':
        if (call.startsWith('insert')) return 'unseen';
        throw faults.passing();
      case 'refusal':
        throw (faults.lasting ?? faults.passing)();
      case 'freeze':
        this.state = 'frozen';
        this.#wakened = new Promise((resolve) => {
          this.#wake = resolve;
        });
        this.fate.leave(this);
        this.fate.join();
        await this.#awake();
        return 'goes on';
      case 'wake':
        this.fate.wakeAll();
        return 'goes on';
      case 'join':
        this.fate.join();
        return 'goes on';
      case 'stop':
        this.stop();
        return 'goes on';
    }
  }

  wake(): void {
    if (this.state !== 'frozen') return;
    this.state = 'runs';
    this.#wake();
  }

  /** As a signal does: once it has begun, it ends in good order. */
  stop(): void {
    if (this.state !== 'runs') return;
    this.state = 'stopping';
    this.#closeOnceBegun();
  }

  begun(consumers: Consumers): void {
    this.consumers = consumers;
    this.#closeOnceBegun();
  }

  end(): void {
    this.state = 'ended';
  }

  #closeOnceBegun(): void {
    if (this.state !== 'stopping' || this.consumers === undefined) return;
    void this.consumers.close().then(() => this.end());
  }

  async #awake(): Promise<void> {
    await this.#wakened;
    if (this.state === 'ended') await forever();
  }
}

/** A new one each time: one for all would keep everybody alive who ever waited for it. */
function forever(): Promise<never> {
  return new Promise(() => undefined);
}
