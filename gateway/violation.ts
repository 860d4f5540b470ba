// How the gateway says what is wrong with a report. Knows no rule and no field.
import { Rule } from '@lachan/proto/report-service';

/** One broken rule of one field, as the receipt tells it. Never repeats the value that broke it. */
export interface Violation {
  /** Path in the names of the contract, as in `items[2].fingerprints[0].value`; '' is the report as a whole. */
  readonly field: string;
  readonly rule: Rule;
  readonly message: string;
  /** Whether the same report could be accepted later, unchanged. */
  readonly retryable: boolean;
}

/** A violation without its place: what one rule always answers. */
export type Fault = Omit<Violation, 'field'>;

/** What every good report shares. */
const NO_VIOLATIONS: readonly Violation[] = Object.freeze([]);

/** How many violations of one report are told; one more says that there were more. */
const MAX_VIOLATIONS = 100;

const moreLeftOut: Fault = fault(
  Rule.TOO_MANY,
  `More than ${MAX_VIOLATIONS} violations: the rest is left out.`,
);
const unknownField: Fault = fault(Rule.UNKNOWN_FIELD, 'This version knows no field of that number.');

export function fault(rule: Rule, message: string, retryable = false): Fault {
  return Object.freeze({ rule, message, retryable });
}

export function violation(field: string, { rule, message, retryable }: Fault): Violation {
  return { field, rule, message, retryable };
}

export function pathOf(parent: string, name: string): string {
  return parent === '' ? name : `${parent}.${name}`;
}

/** The violations of one report, as they are found. Allocates nothing while there are none. */
export class Findings {
  private found: Violation[] | undefined;

  /** `parent` is the path of the message that holds `name`, '' for the report itself. */
  add(parent: string, name: string, broken: Fault): void {
    this.push(pathOf(parent, name), broken);
  }

  /** Adds the fields of a message that the contract does not have, by number: `items[0]#7`. */
  addUnknown(parent: string, unknown: readonly { readonly no: number }[]): void {
    for (const { no } of unknown) {
      if (this.found !== undefined && this.found.length > MAX_VIOLATIONS) return;
      this.push(`${parent}#${no}`, unknownField);
    }
  }

  result(): readonly Violation[] {
    return this.found ?? NO_VIOLATIONS;
  }

  private push(field: string, broken: Fault): void {
    this.found ??= [];
    if (this.found.length < MAX_VIOLATIONS) this.found.push(violation(field, broken));
    else if (this.found.length === MAX_VIOLATIONS) this.found.push(violation('', moreLeftOut));
  }
}
