import { describe, expect, it } from 'vitest';
import { RUN_TABLES } from '../../store/queries/kept-cases.js';
import { migrations } from '../../store/migrate.js';
import { filesIn, textOf } from '../support/manifests.js';

const sql = textOf('deploy/clickhouse/users.sql').replaceAll(/^--.*$/gm, '');
const grants = [...sql.matchAll(/^GRANT ([A-Z, ]+) ON lachan\.(\S+) TO lachan_(\w+);$/gm)].map(
  ([, rights = '', table = '', user = '']) => ({ rights: rights.split(', '), table, user }),
);
const tables = new Set(
  migrations('single')
    .flatMap(({ statements }) => statements)
    .flatMap((statement) => /^CREATE (?:TABLE|VIEW) IF NOT EXISTS (\w+)/.exec(statement)?.[1] ?? [])
    .concat('schema_migrations'),
);

describe('users of the store', () => {
  it('are granted tables that there are', () => {
    expect(grants.length).toBe(sql.match(/^GRANT /gm)?.length);
    for (const { table } of grants) if (table !== '*') expect([...tables]).toContain(table);
  });

  it('write only where their role writes', () => {
    const written = (user: string): readonly string[] =>
      grants.flatMap((grant) => (grant.user === user && grant.rights.includes('INSERT') ? grant.table : []));
    const landed = filesIn('consumers', '.ts').flatMap((file) =>
      [
        ...textOf(file).matchAll(/(?<!readonly )table: '(\w+)', *\n? *columns|insertRows\(deps, '(\w+)'/g),
      ].map(([, inBlock = '', inRows = '']) => inBlock || inRows),
    );
    expect([...written('consumers')].sort()).toEqual([...new Set([...landed, ...RUN_TABLES])].sort());
    expect(written('gateway')).toEqual([]);
    expect(written('console')).toEqual([]);
    for (const { user, rights } of grants)
      if (user !== 'admin') expect(['SELECT', 'INSERT']).toEqual(expect.arrayContaining(rights));
  });

  it('have a password each, from a file that make-keys.sh makes', () => {
    const made = /^for user in (.*); do$/m.exec(textOf('deploy/keys/make-keys.sh'))?.[1]?.split(' ') ?? [];
    const filled =
      /^for user in (.*); do$/m.exec(textOf('deploy/clickhouse/create-users.sh'))?.[1]?.split(' ') ?? [];
    const users = [...sql.matchAll(/^CREATE USER IF NOT EXISTS lachan_(\w+) /gm)].map(([, user]) => user);
    expect(made).toEqual(users);
    expect(filled).toEqual(users);
    for (const user of made) expect(sql).toContain(`'{{${user}_sha256}}'`);
  });

  it('are the ones that the roles log in as', () => {
    const users = new Set(grants.map(({ user }) => `lachan_${user}`));
    const named = ['deploy/compose.yaml', ...filesIn('deploy/kubernetes', '.yaml')].flatMap((file) =>
      [...textOf(file).matchAll(/LACHAN_CLICKHOUSE_USERNAME(?:, value)?: (\w+)/g)].map(
        ([, user = '']) => user,
      ),
    );
    expect(new Set(named)).toEqual(users);
  });
});
