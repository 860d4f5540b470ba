// Bells: what must be told about a case at an instant, without anybody acting. Issued at least once, landed once.
import type { Log } from '../../log/log.js';
import { TAKEDOWNS_TOPIC } from '../../log/topics.js';
import { selectCasesToRing } from '../../store/queries/kept-cases.js';
import type { DueNotification } from '../../takedown/notify.js';
import type { CaseKey } from '../../takedown/case.js';
import { appendOwn } from './append-own.js';
import { bellsAt } from './bells-at.js';
import { caseKeys } from './case-keys.js';
import { fewEvents, foldCases } from './fold-cases.js';
import { byEnvironment, keepCases, type KeepingCases } from './keep-cases.js';
import { ownRecord } from './own-record.js';

interface RingingBells extends KeepingCases {
  readonly log: Log;
  readonly group: string;
}

const CASES_AT_ONCE = 500;
/** After so long without landing a bell is rung again. */
const AGAIN_AFTER_MS = 60_000;
const MAX_RUNG = 100_000;

/** Where the log ended at an instant of our clock: what was received before it stands before that. */
interface Mark {
  readonly atMs: number;
  readonly ends: readonly number[];
}

export class BellRinger {
  /** When each bell was rung that may not have landed yet, by id; oldest first. */
  readonly #rung = new Map<string, number>();
  #mark: Mark | undefined;
  /** All events received before it have landed and are folded. */
  #soundMs = 0;

  constructor(
    private readonly deps: RingingBells,
    private readonly clockMarginMs: number,
  ) {}

  /**
   * Rings what is due. By when is decided by what has landed, not by the clock alone: a claim that still waits in the
   * log keeps its bell silent. Behind that stands a margin, so that a clock that is ahead rings nothing too early.
   */
  async ring(revoked: AbortSignal): Promise<void> {
    await this.#listen();
    if (this.#soundMs === 0) return;
    const asOfMs = this.#soundMs - this.clockMarginMs;
    const nowMs = this.deps.nowMs();
    for (const [id, atMs] of this.#rung) {
      if (nowMs - atMs < AGAIN_AFTER_MS) break;
      this.#rung.delete(id);
    }
    let rang = CASES_AT_ONCE;
    while (rang > 0 && !revoked.aborted && this.#rung.size < MAX_RUNG) {
      const due = caseKeys(await selectCasesToRing(this.deps.select, asOfMs, CASES_AT_ONCE));
      rang = due.length === 0 ? 0 : await this.#ringSome(due, asOfMs);
      if (due.length < CASES_AT_ONCE) return;
    }
  }

  /** How many bells were rung, or cases found to have none. */
  async #ringSome(due: readonly CaseKey[], asOfMs: number): Promise<number> {
    const { deps } = this;
    const silent: CaseKey[] = [];
    const bells: (readonly [CaseKey, DueNotification])[] = [];
    for (const [environment, keys] of byEnvironment(due)) {
      for await (const some of fewEvents(deps.select, environment, keys)) {
        for (const { state } of await foldCases(deps, environment, some)) {
          const { locationKey } = state;
          const ofCase = bellsAt(state, asOfMs);
          if (ofCase.length === 0) silent.push({ environment, locationKey });
          for (const bell of ofCase) {
            if (!this.#rung.has(bell.id)) bells.push([{ environment, locationKey }, bell]);
          }
        }
      }
    }
    const nowMs = deps.nowMs();
    await appendOwn(
      deps,
      bells.map(([key, { id, type, cycle, addressee, rule, n, atMs }]) =>
        ownRecord(key, {
          ...{ id, type, cycle, addressee, rule, n, occurredAtMs: atMs },
          actorRole: 'SYSTEM',
          actorId: '',
          observedAtMs: Math.max(nowMs, atMs),
        }),
      ),
    );
    for (const [, { id }] of bells) this.#rung.set(id, nowMs);
    // Their rows were written before it was known that nothing rings: from now on they are asked about later.
    await keepCases(deps, silent);
    return bells.length + silent.length;
  }

  /** Moves on to the last mark that landing has passed. */
  async #listen(): Promise<void> {
    const { log, group, nowMs } = this.deps;
    const mark = this.#mark;
    if (mark !== undefined) {
      const committed = await log.committed(group, TAKEDOWNS_TOPIC);
      const hasPassed = mark.ends.every((end, partition) => (committed[partition]?.offset ?? 0) >= end);
      if (!hasPassed) return;
      this.#soundMs = Math.max(this.#soundMs, mark.atMs);
    }
    const atMs = nowMs();
    this.#mark = { atMs, ends: (await log.extents(TAKEDOWNS_TOPIC)).map(({ end }) => end) };
  }
}
