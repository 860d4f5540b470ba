// Reads the options of a host, typed or not, and collects what is wrong with them.
/** A number that may be chosen: a whole one. */
export interface Range {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** The numbers of an options object, defaults filled in. What is wrong is added to `faults`. */
export function toNumbers<K extends string>(
  given: Readonly<Record<string, unknown>>,
  ranges: Readonly<Record<K, Range>>,
  prefix: string,
  faults: string[],
): Record<K, number> {
  const decide = (name: string, { value, min, max }: Range): number => {
    const found = given[name] ?? value;
    if (typeof found === 'number' && Number.isInteger(found) && found >= min && found <= max) return found;
    faults.push(`${prefix}${name} must be a whole number from ${min} to ${max}`);
    return value;
  };
  const entries = Object.entries<Range>(ranges).map(([name, range]) => [name, decide(name, range)]);
  // The keys are those of `ranges`; fromEntries forgets them.
  return Object.fromEntries(entries) as Record<K, number>;
}

/** The members of an object; of anything else, none. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
