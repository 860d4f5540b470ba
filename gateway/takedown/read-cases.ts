// ListCases and GetCase: how cases stand now.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AuthorityServiceGetCaseRequestSchema,
  AuthorityServiceGetCaseResponseSchema,
  ListCasesRequestSchema,
  ListCasesResponseSchema,
  type ListCasesRequest,
} from '@lachan/proto/authority-service';
import { Category } from '@lachan/proto/report';
import { Rule } from '@lachan/proto/report-service';
import { CaseStage } from '@lachan/proto/takedown';
import { GetCaseRequestSchema, GetCaseResponseSchema } from '@lachan/proto/takedown-service';
import { CATEGORIES, type Environment } from '../../schemas/vocabulary.js';
import { selectConcern } from '../../store/queries/case-concerns.js';
import { selectCasePlaces, type CaseFilter } from '../../store/queries/case-lists.js';
import { selectCases, type StoredCase } from '../../store/queries/cases.js';
import type { Select } from '../../store/queries/select.js';
import { STAGES, STATUSES } from '../../takedown/event-types.js';
import type { Caller } from '../authenticate.js';
import type { KeyedHash } from '../keyed-hash.js';
import type { Refusal } from '../refusal.js';
import { fault, Findings, violation } from '../violation.js';
import { caseMessage, ownCaseMessage } from './case-message.js';
import { locateCase, type Asker } from './locate-case.js';
import { readPageToken, writePageToken } from './page-token.js';
import { readCaseEvents } from './read-case-events.js';

export interface ReadingCases {
  readonly select: Select;
  readonly keyed: KeyedHash;
}

const MAX_PAGE = 1_000;
const USUAL_PAGE = 100;
/** Of names of operators and ids of providers. */
const MAX_NAME = 200;

const unreadable: Refusal = {
  kind: 'invalid',
  violations: [violation('', fault(Rule.MALFORMED, 'The bytes are not the request of this call.'))],
};
const unknownValue = fault(Rule.UNKNOWN_VALUE, 'This version knows no such value.');
const tooLong = fault(Rule.LENGTH, `At most ${MAX_NAME} characters.`);
const pageSize = fault(Rule.RANGE, `At most ${MAX_PAGE}.`);
const foreignToken = fault(Rule.FORMAT, 'Not a page_token that a response to this question gave.');

/** AuthorityService.ListCases: the encoded response, or why there is none. Rejects with the store's fault. */
export async function listCases(
  bytes: Uint8Array,
  environment: Environment,
  { select }: ReadingCases,
): Promise<Uint8Array | Refusal> {
  const request = decoded(() => fromBinary(ListCasesRequestSchema, bytes));
  if (request === undefined) return unreadable;
  const found = new Findings();
  const filter = readFilter(request, found);
  const after = request.pageToken === '' ? undefined : readPageToken(environment, filter, request.pageToken);
  if (request.pageToken !== '' && after === undefined) found.add('', 'page_token', foreignToken);
  if (request.pageSize > MAX_PAGE) found.add('', 'page_size', pageSize);
  const violations = found.result();
  if (violations.length > 0) return { kind: 'invalid', violations };

  const size = request.pageSize === 0 ? USUAL_PAGE : request.pageSize;
  const places = await selectCasePlaces(select, environment, filter, after, size + 1);
  const page = places.slice(0, size);
  const last = page.at(-1);
  const cases = await selectCases(
    select,
    [environment],
    page.map(({ locationKey }) => locationKey),
  );
  return toBinary(
    ListCasesResponseSchema,
    create(ListCasesResponseSchema, {
      cases: page.flatMap(({ locationKey }) => {
        const stored = cases.get(locationKey);
        return stored === undefined ? [] : [caseMessage(stored)];
      }),
      nextPageToken:
        places.length > size && last !== undefined ? writePageToken(environment, filter, last) : '',
    }),
  );
}

/** AuthorityService.GetCase: with events. */
export async function getCase(
  bytes: Uint8Array,
  environment: Environment,
  { select, keyed }: ReadingCases,
): Promise<Uint8Array | Refusal> {
  const request = decoded(() => fromBinary(AuthorityServiceGetCaseRequestSchema, bytes));
  if (request === undefined) return unreadable;
  const asked = await findCase(request, { environment, role: 'OPERATOR', id: '' }, select, keyed);
  if ('kind' in asked) return asked;
  const told = caseMessage(asked);
  told.events = await readCaseEvents(select, environment, asked.locationKey);
  return toBinary(
    AuthorityServiceGetCaseResponseSchema,
    create(AuthorityServiceGetCaseResponseSchema, { case: told }),
  );
}

/** TakedownService.GetCase: of a provider that reported it or has to act on it. */
export async function getOwnCase(
  bytes: Uint8Array,
  { environment, providerId }: Caller,
  { select, keyed }: ReadingCases,
): Promise<Uint8Array | Refusal> {
  const request = decoded(() => fromBinary(GetCaseRequestSchema, bytes));
  if (request === undefined) return unreadable;
  const asked = await findCase(request, { environment, role: 'PROVIDER', id: providerId }, select, keyed);
  if ('kind' in asked) return asked;
  const isAddressed = asked.duties.some(({ addressee }) => addressee === providerId);
  if (!isAddressed && !(await selectConcern(select, environment, asked.locationKey, providerId))) {
    return { kind: 'no-case' };
  }
  const told = ownCaseMessage(asked, providerId);
  return toBinary(GetCaseResponseSchema, create(GetCaseResponseSchema, { case: told }));
}

async function findCase(
  asked: Parameters<typeof locateCase>[0],
  asker: Asker,
  select: Select,
  keyed: KeyedHash,
): Promise<StoredCase | Refusal> {
  const located = locateCase(asked, asker, keyed);
  if ('violations' in located) return { kind: 'invalid', violations: located.violations };
  const cases = await selectCases(select, [asker.environment], [located.key]);
  return cases.get(located.key) ?? { kind: 'no-case' };
}

function readFilter(request: ListCasesRequest, found: Findings): CaseFilter {
  const { status, owner, addressee, due: isDue } = request;
  const stage = STAGES.find((known) => CaseStage[known] === request.stage);
  const category = CATEGORIES.find((known) => Category[known] === request.category);
  if (stage === undefined && request.stage !== CaseStage.UNSPECIFIED) found.add('', 'stage', unknownValue);
  if (category === undefined) found.add('', 'category', unknownValue);
  if (status !== '' && !STATUSES.some((known) => known === status)) found.add('', 'status', unknownValue);
  if (owner.length > MAX_NAME) found.add('', 'owner', tooLong);
  if (addressee.length > MAX_NAME) found.add('', 'addressee', tooLong);
  const isAnyCategory = category === undefined || category === 'UNSPECIFIED';
  return { stage: stage ?? '', status, owner, addressee, category: isAnyCategory ? '' : category, isDue };
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
