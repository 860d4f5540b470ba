import { describe, expect, it } from 'vitest';
import { EnvironmentCommand } from '../../cli/environment.js';
import { addConsole } from '../../cli/commands/console.js';
import { addConsumers } from '../../cli/commands/consumers.js';
import { addGateway } from '../../cli/commands/gateway.js';
import { addMigrate } from '../../cli/commands/migrate.js';
import { at, documentsOf, entriesAt, filesIn, listAt, scalar, textOf } from '../support/manifests.js';

/** `NAME=value`, or the same behind a `# `: one that may be left out. */
const SETTING = /^(?:# )?([A-Z][A-Z_]+)=(.*)$/;
const examples = filesIn('deploy', '.env.example');

const program = new EnvironmentCommand('lachan');
for (const add of [addGateway, addConsumers, addConsole, addMigrate]) add(program);
const options = new Map(
  program.commands.flatMap((command) => command.options).map((option) => [option.envVar ?? '', option]),
);

interface Setting {
  readonly from: string;
  readonly name: string;
  readonly value: string;
}

const explained: readonly Setting[] = examples.flatMap((from) =>
  textOf(from)
    .split('\n')
    .flatMap((line) => {
      const [, name, value = ''] = SETTING.exec(line) ?? [];
      return name === undefined ? [] : { from, name, value };
    }),
);
const compose = documentsOf('deploy/compose.yaml')[0]?.content;
const used: readonly Setting[] = [
  ...entriesAt(compose, 'services').flatMap(([from, service]) =>
    entriesAt(service, 'environment').map(([name, value]) => ({ from, name, value: scalar(value) })),
  ),
  ...filesIn('deploy/kubernetes', '.yaml')
    .flatMap(documentsOf)
    .flatMap(({ file: from, content }) => [
      ...entriesAt(content, 'data').map(([name, value]) => ({ from, name, value: scalar(value) })),
      ...listAt(content, 'spec', 'template', 'spec', 'containers', 0, 'env').map((one) => ({
        from,
        name: scalar(at(one, 'name')),
        value: scalar(at(one, 'value')),
      })),
    ]),
  ...[...textOf('deploy/Dockerfile').matchAll(/\b(LACHAN_\w+)=(\S+)/g)].map(([, name = '', value = '']) => ({
    from: 'deploy/Dockerfile',
    name,
    value,
  })),
].filter(({ name }) => name.startsWith('LACHAN_'));

describe('variables of the deployment', () => {
  it('are options of the roles, with values that these take', () => {
    const ours = [...explained, ...used].filter(({ name }) => name.startsWith('LACHAN_'));
    expect(ours.length).toBeGreaterThan(50);
    for (const { from, name, value } of ours) {
      const option = options.get(name);
      expect(option, `${name} in ${from}`).toBeDefined();
      if (option?.isBoolean() === true) expect(['true', 'false'], name).toContain(value);
      else expect(() => option?.parseArg?.(value, undefined), `${name} in ${from}`).not.toThrow();
    }
  });

  it('are explained in an example wherever they are set', () => {
    const names = new Set(explained.map(({ name }) => name));
    expect(used.filter(({ name }) => !names.has(name))).toEqual([]);
  });

  it('leave out no option of the roles', () => {
    // For a person at a terminal, and for the embedded setting.
    const others = ['LACHAN_JSON', 'LACHAN_DATA_DIR'];
    const names = new Set([...explained.map(({ name }) => name), ...others]);
    expect([...options.keys()].filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(examples)('have a sentence each in %s', (file) => {
    const lines = textOf(file).split('\n');
    for (const [i, line] of lines.entries()) {
      if (!SETTING.test(line)) continue;
      expect(lines[i - 1], line).toMatch(/^# .*[.:]$/);
      expect(lines[i - 1], line).not.toMatch(SETTING);
    }
  });

  it('are read by the Compose file where it fills in its own', () => {
    const filled = [...textOf('deploy/compose.yaml').matchAll(/\$\{(\w+):-([^}]*)\}/g)];
    const example = textOf('deploy/compose.env.example');
    for (const [, name = '', value = ''] of filled) expect(example).toContain(`\n${name}=${value}\n`);
  });
});
