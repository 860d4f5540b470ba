import { AuthorityService, type ListCasesRequest } from '@lachan/proto/authority-service';
import type { Case } from '@lachan/proto/takedown';
import type { AuthorityClient } from '../authority-client.js';

export type CaseFilter = Partial<
  Pick<ListCasesRequest, 'stage' | 'status' | 'owner' | 'addressee' | 'category' | 'due'>
>;

const MOST_PER_PAGE = 1_000;

/** The first to breach first, then the oldest; at most `limit`. Rejects with `CallFault`. */
export async function listCases(
  client: Pick<AuthorityClient, 'call'>,
  filter: CaseFilter,
  limit: number,
): Promise<readonly Case[]> {
  const cases: Case[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(MOST_PER_PAGE, limit - cases.length);
    const request = { ...filter, pageSize, pageToken };
    const page = await client.call(AuthorityService.method.listCases, request);
    cases.push(...page.cases);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && cases.length < limit);
  return cases;
}
