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

/** Text over a row of `cases` or of `case_openings`; `addressee` and `rule` are columns of the run. */
export const GROUP_SQL: Readonly<Record<Group, string>> = {
  addressee: 'toString(addressee)',
  reporter: 'toString(reporter)',
  category: 'toString(category)',
  country: 'toString(country)',
  network: `if(asn = 0, '', toString(asn))`,
  vn: `multiIf(is_vn_domain, 'VN_DOMAIN', country = 'VN', 'VN_ADDRESS', country = '', 'UNKNOWN', 'ABROAD')`,
  urgency: 'toString(urgency)',
  rule: 'toString(rule)',
  stage: 'toString(stage)',
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
