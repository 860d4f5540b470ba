import tseslint from 'typescript-eslint';

/** Who may import whom: the table of docs/architecture.md. A border in prose lasts until the first hurry. */
const folders = {
  proto: [],
  sdk: ['proto'],
  schemas: [],
  log: [],
  // Figures are defined in takedown and computed in store/queries: one definition, whoever computes it.
  store: ['schemas', 'takedown'],
  takedown: ['schemas'],
  gateway: ['proto', 'schemas', 'log', 'store/queries', 'takedown'],
  consumers: ['schemas', 'log', 'store', 'takedown'],
  console: ['proto', 'store/queries', 'takedown'],
};
const all = Object.keys(folders).concat('cli', 'test', 'deploy');

/** The only files that may import a foreign client: replacing one must cost one file. */
const soleImporters = {
  kafkajs: ['log/kafka-client.ts'],
  lmdb: ['log/embedded.ts'],
  '@clickhouse/client': ['store/clickhouse.ts', 'store/chdb.ts'],
  chdb: ['store/chdb.ts'],
  '@grpc/grpc-js': [
    'gateway/server.ts',
    'gateway/refusal.ts',
    'gateway/count-unread-answers.ts',
    'gateway/refuse-strangers.ts',
    'proto/grpc-service.ts',
    'sdk/connection.ts',
  ],
  avsc: ['schemas/record-codec.ts'],
  tldts: ['gateway/canonicalise.ts'],
};

const foreign = (file) =>
  Object.entries(soleImporters)
    .filter(([, files]) => !files.includes(file))
    .map(([name]) => ({
      group: [name, `${name}/*`],
      message: `Only ${soleImporters[name].join(', ')} may import ${name}.`,
    }));

const borders = (folder, allowed) => {
  const wholes = new Set(allowed.map((a) => a.split('/')[0]));
  const closed = all.filter((f) => f !== folder && !wholes.has(f));
  const group = closed.flatMap((f) => [
    `../${f}/**`,
    `../../${f}/**`,
    `../../../${f}/**`,
    `@lachan/${f}`,
    `@lachan/${f}/*`,
  ]);
  const partly = allowed.filter((a) => a.includes('/'));
  return [
    { group, message: `${folder} may import only: ${allowed.join(', ') || 'nothing of ours'}.` },
    ...partly.map((a) => ({
      regex: `^(\\.\\./)+${a.split('/')[0]}/(?!${a.split('/')[1]}/)`,
      message: `${folder} may import only ${a}.`,
    })),
  ];
};

const files = Object.entries(folders).map(([folder, allowed]) => ({
  files: [`${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns: [...borders(folder, allowed), ...foreign('')] }] },
}));

const exempt = [...new Set(Object.values(soleImporters).flat())].map((file) => {
  const folder = file.split('/')[0];
  return {
    files: [file],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [...borders(folder, folders[folder]), ...foreign(file)] },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'proto/gen/**', 'test/fixtures/**'] },
  ...tseslint.configs.strictTypeChecked.map((c) => ({ ...c, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a const list and a union type.' },
        { selector: 'ExportDefaultDeclaration', message: 'No default export.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only cli reads the environment.' },
        { object: 'process', property: 'exit', message: 'Only cli exits.' },
        { object: 'Date', property: 'now', message: 'The clock is a parameter.' },
        { object: 'Math', property: 'random', message: 'Randomness is a parameter.' },
      ],
    },
  },
  ...files,
  ...exempt,
  { files: ['cli/**/*.ts', 'test/**/*.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['*.config.ts', 'test/**/*.ts'],
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
