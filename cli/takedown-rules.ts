// The legal clocks as the operator gives them: a file, read once at start.
import { readFileSync } from 'node:fs';
import { CommandFault } from './command-fault.js';

const WRONG_USAGE = 2;

/** What stands in the file, for `openRules`; undefined without one. Throws `CommandFault` for a file that is no JSON. */
export function takedownRulesIn(file: string | undefined): unknown {
  if (file === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new CommandFault(`--takedown-rules-file: ${file} ${why}`, WRONG_USAGE);
  }
}
