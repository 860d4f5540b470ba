// Options from the environment. `--data-dir` is LACHAN_DATA_DIR; a name with our prefix that no option has is a typing
// error and refused, with all others at once.
import { Command, type Option } from 'commander';
import { CommandFault } from './command-fault.js';

const PREFIX = 'LACHAN_';
/** Read by the test suite, or by main itself. */
const NOT_OPTIONS = /^LACHAN_(TEST_\w+|DEBUG)$/;

/** A command whose options, and those of its sub-commands, each have their variable. */
export class EnvironmentCommand extends Command {
  override createCommand(name?: string): Command {
    return new EnvironmentCommand(name);
  }

  /** The variable has to be known when the option is added: later it would be shown in the help and never read. */
  override addOption(option: Option): this {
    const named = option.envVar ?? PREFIX + option.name().toUpperCase().replaceAll('-', '_');
    return super.addOption(option.env(named));
  }
}

/** Whether any variable has our prefix. */
export function mentionsLachan(environment: NodeJS.ProcessEnv): boolean {
  return Object.keys(environment).some((name) => name.startsWith(PREFIX));
}

/** `program` has all its commands. Throws `CommandFault` for variables that no option has, and for switches that are neither true nor false. */
export function checkEnvironment(program: Command, environment: NodeJS.ProcessEnv): void {
  const options = new Map<string, Option[]>();
  for (const command of allCommands(program)) {
    for (const option of command.options) {
      const name = option.envVar ?? '';
      options.set(name, [...(options.get(name) ?? []), option]);
    }
  }
  const faults: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || NOT_OPTIONS.test(name)) continue;
    const meant = options.get(name);
    if (meant === undefined) faults.push(`${name} is not an option of lachan`);
    else if (meant.every((option) => option.isBoolean())) {
      if (value === 'false') Reflect.deleteProperty(environment, name);
      else if (value !== 'true') faults.push(`${name} must be true or false`);
    }
  }
  if (faults.length > 0) throw new CommandFault(faults.join('\n        '), 2);
}

function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap((child) => allCommands(child))];
}
