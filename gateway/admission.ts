// Whether a batch may come in now. Over a limit the caller is told to wait, with the time; nothing piles up.

export interface AdmissionLimits {
  /** Bytes of batches received and not yet answered, over all callers. */
  readonly maxInFlightBytes: number;
  /** Records that are durable in the log and not yet landed: above it, no more come in. */
  readonly maxLandingLag: number;
  /** Reports that may be unanswered on one stream when all is well. */
  readonly creditPerStream: number;
}

export interface Wait {
  readonly retryAfterMs: number;
  readonly message: string;
}

/** A place for one batch, given back when it is answered. */
export interface Ticket {
  release(): void;
}

const WAIT_FOR_MEMORY_MS = 200;
const SHORTEST_WAIT_FOR_LANDING_MS = 500;
const LONGEST_WAIT_FOR_LANDING_MS = 30_000;
/** Credit shrinks from half of the permitted lag on, down to this many reports. */
const LEAST_CREDIT = 100;

export class Admission {
  #inFlightBytes = 0;

  /** `landingLag`: how many durable records have not landed yet, as far as is known. */
  constructor(
    private readonly limits: AdmissionLimits,
    private readonly landingLag: () => number,
  ) {}

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  admit(bytes: number): Ticket | Wait {
    const lag = this.landingLag();
    if (lag > this.limits.maxLandingLag) {
      const over = lag / this.limits.maxLandingLag - 1;
      return {
        retryAfterMs: Math.round(
          Math.min(SHORTEST_WAIT_FOR_LANDING_MS * (1 + 10 * over), LONGEST_WAIT_FOR_LANDING_MS),
        ),
        message: 'Accepted reports are waiting to be landed; please send again later.',
      };
    }
    // One batch is always taken, however large the limit on messages lets it be.
    if (this.#inFlightBytes > 0 && this.#inFlightBytes + bytes > this.limits.maxInFlightBytes) {
      return {
        retryAfterMs: WAIT_FOR_MEMORY_MS,
        message: 'Too much is being received at once; please send again.',
      };
    }
    this.#inFlightBytes += bytes;
    let held = true;
    return {
      release: () => {
        if (held) this.#inFlightBytes -= bytes;
        held = false;
      },
    };
  }

  /** How many reports may be unanswered on one stream now. */
  credit(): number {
    const { creditPerStream, maxLandingLag } = this.limits;
    const used = this.landingLag() / maxLandingLag;
    const share = Math.min(1, Math.max(0, 2 - 2 * used));
    return Math.max(Math.min(LEAST_CREDIT, creditPerStream), Math.round(creditPerStream * share));
  }
}
