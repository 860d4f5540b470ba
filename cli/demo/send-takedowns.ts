// The demonstration's takedowns: an imported history, and a few of the locations that were just reported.
import type { Case, TakedownEvent } from '@lachan/proto/takedown';
import { Secret } from '../../gateway/secret.js';
import { AuthorityClient } from '../authority-client.js';
import { CommandFault } from '../command-fault.js';
import type { RunningEmbedded } from '../embedded/serve.js';
import type { ReadEvent } from '../submit/read-events.js';
import { noEventsSent, senderFor, sendEvents } from '../submit/send-events.js';
import { listCases } from '../takedown/list-cases.js';
import type { Distributions } from './distributions.js';
import { inventHistory, type Addressee } from './invent-history.js';
import { workOnCases } from './live-cases.js';
import { seededRandom } from './random.js';
import type { DemoSent } from './send-demo.js';
import { loadTakedownDraws, type AddresseeKind } from './takedown-times.js';

export interface DemoTakedowns {
  /** Events recorded: of the history, and by operators and providers now. */
  readonly imported: number;
  readonly live: number;
  /** The queue at the end: the first to breach first. */
  readonly queue: readonly Case[];
  /** Credential of an operator, to look around with. */
  readonly operatorToken: string;
}

/** What each of the demonstration's providers is in the history, in their order. */
const KINDS: readonly AddresseeKind[] = [
  'VN_PLATFORM',
  'VN_PLATFORM',
  'PLATFORM_ABROAD',
  'PLATFORM_ABROAD',
  'VN_PLATFORM',
  'PLATFORM_ABROAD',
  'HOST_IN_NETWORK',
  'HOST_OUTSIDE',
];
const REPORTS_PER_CASE = 20;
const MOST_CASES = 1_000;
const DEADLINE_MS = 60_000;
const QUEUE = 1_000;
const LANDING_MS = 600_000;

/** Resolves when everything has landed. Rejects with `CommandFault` when an event was not taken. */
export async function sendTakedowns(
  running: RunningEmbedded,
  sent: DemoSent,
  seed: number,
  distributions: Distributions,
): Promise<DemoTakedowns> {
  const { operations, grpc } = running;
  const clients: AuthorityClient[] = [];
  const clientWith = (token: string): AuthorityClient => {
    const reach = { endpoint: grpc, token: new Secret(token), insecure: false };
    const client = new AuthorityClient({ ...reach, deadlineMs: DEADLINE_MS, random: Math.random });
    clients.push(client);
    return client;
  };
  try {
    const importer = await operations.addOperator('Lachan Demo Import', 'PRODUCTION', 'OPERATOR', true);
    const operator = await operations.addOperator('Lachan Demo Lan', 'PRODUCTION', 'OPERATOR', false);
    const acting = clientWith(operator.token);

    const history = inventHistory({
      cases: Math.min(MOST_CASES, Math.ceil(sent.submitted / REPORTS_PER_CASE)),
      addressees: [...sent.tokens.keys()].map(addresseeOf),
      distributions,
      draws: loadTakedownDraws(),
      random: seededRandom(seed),
      nowMs: Date.now(),
    });
    const counted = noEventsSent();
    await sendEvents(linesOf(history), await senderFor(clientWith(importer.token)), counted);
    if (counted.accepted < counted.read) throw new CommandFault(whyNot(counted));

    const live = await workOnCases(sent.examples, {
      operator: acting,
      operatorId: operator.operator_id,
      providers: new Map([...sent.tokens].map(([id, token]) => [id, clientWith(token)])),
    });
    // Whoever asks for a figure waits for what has not landed.
    await operations.figure('counts', {}, LANDING_MS);
    const queue = await listCases(acting, { due: true }, QUEUE);
    return { imported: counted.accepted, live, queue, operatorToken: operator.token };
  } finally {
    for (const client of clients) client.close();
  }
}

function addresseeOf(providerId: string, i: number): Addressee {
  return { providerId, kind: KINDS[i] ?? 'PLATFORM_ABROAD' };
}

async function* linesOf(events: Iterable<TakedownEvent>): AsyncGenerator<ReadEvent> {
  let line = 0;
  for (const event of events) {
    line += 1;
    yield { file: 'history', line, length: 0, read: { ok: true, event } };
    // Lets what is under way be answered between two events.
    if (line % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function whyNot({ firstUnsent, rejections: [rejection] }: ReturnType<typeof noEventsSent>): string {
  const first = rejection?.violations[0];
  const why = firstUnsent ?? `${first?.field ?? ''} ${first?.rule ?? ''}: ${first?.message ?? ''}`;
  return `an event of the demonstration was not taken: ${why}`;
}
