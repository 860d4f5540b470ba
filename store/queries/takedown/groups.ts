// By what figures of takedown can be told apart.

export const GROUPS = [
  'addressee',
  'reporter',
  'category',
  'country',
  'network',
  'vn',
  'urgency',
  'rule',
  'stage',
] as const;
export type Group = (typeof GROUPS)[number];

/**
 * Over a row of runs, of `cases` or of cases that nobody acted on: text of low cardinality or an enum, which are grouped by
 * fastest; of rules a list.
 */
export const GROUP_SQL: Readonly<Record<Group, string>> = {
  addressee: 'toLowCardinality(addressee)',
  reporter: 'toLowCardinality(reporter)',
  category: 'toLowCardinality(category)',
  country: 'toLowCardinality(country)',
  network: `toLowCardinality(if(asn = 0, '', toString(asn)))`,
  // A number with a name: texts made for every row would cost as much as all the rest. In the order of their names.
  vn: `CAST(multiIf(is_vn_domain, 4, country = 'VN', 3, country = '', 2, 1),
    'Enum8(\\'ABROAD\\' = 1, \\'UNKNOWN\\' = 2, \\'VN_ADDRESS\\' = 3, \\'VN_DOMAIN\\' = 4)')`,
  urgency: 'toLowCardinality(urgency)',
  rule: 'rules',
  stage: 'toLowCardinality(stage)',
};

/** What narrows a figure, and by what it is told apart. Empty: everybody; nothing. */
export interface Slice {
  readonly by: Group | '';
  readonly addressee: string;
  readonly reporter: string;
}

/** The column `grp` of a run. */
export function groupColumn({ by }: Slice): string {
  return `${by === '' ? `''` : GROUP_SQL[by]} AS grp`;
}

/** What a slice asks of rows that have an addressee and a reporter. */
export function sliceCondition({ addressee, reporter }: Slice): string {
  return `${addressee === '' ? '' : ' AND addressee = {addressee:String}'}${
    reporter === '' ? '' : ' AND reporter = {reporter:String}'
  }`;
}
