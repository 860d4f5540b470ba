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
 * Over a row of runs, of `cases` or of cases that nobody acted on: text of low cardinality, which is grouped by fastest;
 * of rules a list.
 */
export const GROUP_SQL: Readonly<Record<Group, string>> = {
  addressee: 'toLowCardinality(addressee)',
  reporter: 'toLowCardinality(reporter)',
  category: 'toLowCardinality(category)',
  country: 'toLowCardinality(country)',
  network: `toLowCardinality(if(asn = 0, '', toString(asn)))`,
  vn: `toLowCardinality(toString(multiIf(is_vn_domain, 'VN_DOMAIN', country = 'VN', 'VN_ADDRESS', country = '', 'UNKNOWN', 'ABROAD')))`,
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
