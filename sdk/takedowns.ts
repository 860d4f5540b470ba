import { ActionDelivery, type ActionStats } from './action-delivery.js';
import {
  encodeAction,
  type ActionOptions,
  type ActionReceipt,
  type ActionTarget,
  type ActionType,
} from './action.js';
import { NOTICES, type Notice } from './notice.js';
import { OUTCOMES, type ReportOutcome } from './outcome.js';
import { LachanError } from './receipt.js';
import { toTakedownSettings, type TakedownSettings, type TakedownsOptions } from './takedown-options.js';
import type { WatchKind } from './watch-kind.js';
import { toWatchSettings, type WatchOptions } from './watch-options.js';
import { RunningWatch, type Watch } from './watch.js';

/** More would be a leak of the host, and the gateway takes 100 of one provider. */
const MAX_WATCHES = 100;

/**
 * The way back from the authority to a platform: what it has to take down, what became of its reports; and what it says
 * it did.
 *
 * It never blocks and never crashes its host. Everything is told at least once, until its handler has resolved; of one
 * case one after another. Memory is bounded. A watch holds the process until it is closed; without one, an idle
 * Takedowns does not.
 */
export class Takedowns {
  readonly #settings: TakedownSettings;
  readonly #actions: ActionDelivery;
  readonly #watches = new Set<Watch>();
  #closing: Promise<void> | undefined;

  /** Throws one TypeError that names every fault of the options. Connects with the first watch or action. */
  constructor(options: TakedownsOptions) {
    this.#settings = toTakedownSettings(options);
    this.#actions = new ActionDelivery(this.#settings);
  }

  /**
   * Tells the handler every notice to this platform after the cursor, then those to come. A handler that resolves has
   * worked it off; one that throws or rejects is told the same again, after a pause. The connection is made again by
   * itself, for ever. Throws a TypeError for wrong options and a LachanError once closed.
   */
  onNotice(handler: (notice: Notice) => unknown, options: WatchOptions = {}): Watch {
    return this.#watch(NOTICES, handler, options);
  }

  /** Tells the handler what became of this platform's reports, and then of their cases: as `onNotice`. */
  onOutcome(handler: (outcome: ReportOutcome) => unknown, options: WatchOptions = {}): Watch {
    return this.#watch(OUTCOMES, handler, options);
  }

  /**
   * Says that the content is gone. Resolves with the receipt: ACCEPTED (durable at the authority), REJECTED (with every
   * reason) or UNSENT (no verdict, with why; saying it again is safe). Never rejects.
   */
  claim(target: ActionTarget, options: ActionOptions = {}): Promise<ActionReceipt> {
    return this.#act('ACTION_CLAIMED', target, options);
  }

  /** Says that the notice was seen and is being worked on. As `claim`. */
  acknowledge(target: ActionTarget, options: ActionOptions = {}): Promise<ActionReceipt> {
    return this.#act('ACKNOWLEDGED', target, options);
  }

  /** Says that access is blocked, after BLOCK_ORDERED. As `claim`. */
  confirmBlock(target: ActionTarget, options: ActionOptions = {}): Promise<ActionReceipt> {
    return this.#act('BLOCK_CONFIRMED', target, options);
  }

  /** Objects to the notice: say why in `note`. As `claim`. */
  appeal(target: ActionTarget, options: ActionOptions = {}): Promise<ActionReceipt> {
    return this.#act('APPEALED', target, options);
  }

  /** What came of the actions. Each watch has numbers of its own. */
  stats(): ActionStats {
    return this.#actions.stats;
  }

  /**
   * Closes every watch, then sends what is left to say, and resolves when that is done or after `deadlineMs` (default
   * 10,000) in all. Never rejects; safe to call again.
   */
  close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(options.deadlineMs ?? 10_000));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(deadlineMs: number): Promise<void> {
    const { clock } = this.#settings;
    const endMs = clock.monotonicMs() + deadlineMs;
    await Promise.all(Array.from(this.#watches, (watch) => watch.close({ deadlineMs })));
    await this.#actions.close(Math.max(0, endMs - clock.monotonicMs()));
  }

  #watch<T>(kind: WatchKind<T>, handler: (value: T) => unknown, options: WatchOptions): Watch {
    const settings = toWatchSettings(handler, options);
    if (this.#closing !== undefined)
      throw new LachanError('CANCELLED', 'the Takedowns are closed', undefined);
    if (this.#watches.size >= MAX_WATCHES) throw new TypeError(`more than ${MAX_WATCHES} watches are open`);
    const watch: Watch = new RunningWatch(kind, handler, this.#settings, settings, () =>
      this.#watches.delete(watch),
    );
    this.#watches.add(watch);
    return watch;
  }

  #act(type: ActionType, target: ActionTarget, options: ActionOptions): Promise<ActionReceipt> {
    const encoded = encodeAction(type, target, options, this.#settings.clock.wallMs());
    if (!encoded.ok) return Promise.resolve(this.#actions.count(encoded.receipt));
    return this.#actions.add(encoded.event, encoded.size);
  }
}
