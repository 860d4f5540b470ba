import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AuthorityService } from '@lachan/proto/authority-service';
import { ReceiptStatus, Rule } from '@lachan/proto/report-service';
import { CaseSchema, TakedownEventType, type Case } from '@lachan/proto/takedown';
import { TakedownService } from '@lachan/proto/takedown-service';
import { afterEach, describe, expect, it } from 'vitest';
import { AuthorityClient, CallFault } from '../../cli/authority-client.js';
import { senderFor } from '../../cli/submit/send-events.js';
import { act } from '../../cli/takedown/act.js';
import { listCases } from '../../cli/takedown/list-cases.js';
import { Secret } from '../../gateway/secret.js';
import type { Refusal } from '../../gateway/refusal.js';
import { freePort } from '../support/lachan-process.js';
import {
  Refused,
  scripted,
  ScriptedAuthority,
  type AskedCall,
  type Scripted,
} from '../support/scripted-authority.js';

const KEY = '00000000-0000-8000-8000-000000000001';
const { recordEvents, getCase, listCases: list } = AuthorityService.method;
const { submitActions } = TakedownService.method;
const busy = (retryAfterMs: number): Refusal => ({ kind: 'wait', retryAfterMs, message: 'Later, please.' });
const stranger = new Refused({ kind: 'unauthenticated' });

describe('the client of the services of takedown', () => {
  const open: { stop(): void }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.stop()));

  const clientOf = (endpoint: string, deadlineMs = 10_000): AuthorityClient => {
    const token = new Secret('operator-token-operator-token');
    const client = new AuthorityClient({ endpoint, token, insecure: false, deadlineMs, random: () => 0.5 });
    open.push({ stop: () => client.close() });
    return client;
  };
  const authority = async (script: Readonly<Record<string, Scripted>>): Promise<AuthorityClient> => {
    const server = await ScriptedAuthority.start(script);
    open.push(server);
    return clientOf(server.endpoint);
  };
  const faultOf = async (asked: Promise<unknown>): Promise<CallFault> => {
    const fault = await asked.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(fault instanceof CallFault)) throw new Error(`not refused: ${String(fault)}`);
    return fault;
  };

  it('tells every field that was refused, with its rule and what to do', async () => {
    const violations = [
      { field: 'events[0].addressee', rule: Rule.REQUIRED, message: 'Must be given.', retryable: false },
      { field: 'events[1].type', rule: Rule.UNKNOWN_VALUE, message: 'Not known.', retryable: false },
    ];
    const client = await authority({
      recordEvents: scripted(recordEvents, () => new Refused({ kind: 'invalid', violations })),
    });
    const fault = await faultOf(client.call(recordEvents, {}));
    expect(fault.code).toBe('INVALID_ARGUMENT');
    expect(fault.fields).toEqual([
      { field: 'events[0].addressee', rule: 'REQUIRED', message: 'Must be given.' },
      { field: 'events[1].type', rule: 'UNKNOWN_VALUE', message: 'Not known.' },
    ]);
    expect(fault.message).toMatch(/events\[0\]\.addressee REQUIRED: Must be given\.\n.*events\[1\]\.type/);
  });

  it('waits as long as the gateway asks, and then repeats the same request with the credential', async () => {
    const calls: AskedCall[] = [];
    const client = await authority({
      listCases: scripted(list, (_, call) => {
        calls.push(call);
        return calls.length === 1 ? new Refused(busy(400)) : { cases: [{ locationKey: KEY }] };
      }),
    });
    const { cases } = await client.call(list, {});
    expect(cases.map(({ locationKey }) => locationKey)).toEqual([KEY]);
    const [first, second] = calls;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(399);
    expect(second?.authorization).toBe('Bearer operator-token-operator-token');
  });

  it('gives up at its deadline, and at once where waiting cannot help', async () => {
    let asked = 0;
    const server = await ScriptedAuthority.start({
      listCases: scripted(list, () => {
        asked += 1;
        return new Refused(busy(50));
      }),
    });
    open.push(server);
    const client = clientOf(server.endpoint, 600);
    const startedMs = performance.now();
    expect(await faultOf(client.call(list, {}))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(asked).toBeGreaterThan(1);
    // A wait that does not fit is not begun, and a stranger stays one.
    const strangers = await faultOf(client.call(getCase, { locationKey: KEY }));
    expect(strangers).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(strangers.message).not.toContain('operator-token');
  });

  it('says at which address nobody answered', async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const fault = await faultOf(clientOf(endpoint, 300).call(list, {}));
    expect(fault.message).toContain(`no gateway answered at ${endpoint}`);
  });

  it('lists page after page, no more than was asked for', async () => {
    const asked: number[] = [];
    const client = await authority({
      listCases: scripted(list, ({ pageSize, pageToken, due }) => {
        expect(due).toBe(true);
        asked.push(pageSize);
        const from = Number(pageToken);
        const cases = Array.from({ length: pageSize }, (_, i) => ({ version: BigInt(from + i) }));
        return { cases, nextPageToken: from + pageSize < 3_000 ? String(from + pageSize) : '' };
      }),
    });
    const found = await listCases(client, { due: true }, 2_300);
    expect(found.map(({ version }) => Number(version))).toEqual(Array.from({ length: 2_300 }, (_, i) => i));
    expect(asked).toEqual([1_000, 1_000, 300]);
    expect(await listCases(client, { due: true }, 100_000)).toHaveLength(3_000);
  });

  describe('an act', () => {
    const standing = (init: MessageInitShape<typeof CaseSchema> = {}): Case =>
      create(CaseSchema, { locationKey: KEY, version: 1n, status: 'REPORTED', ...init });
    const event = { eventId: 'act-1', type: TakedownEventType.TRIAGED, seenVersion: 1n };
    const named = { location: { url: 'https://lachan-demo-1.vn/x' } };
    /** Accepts every event, and shows the case with what `effects` say of it, look after look. */
    const judging = (...effects: readonly { readonly effect: string; readonly refusal?: string }[]) => {
      let looks = 0;
      const asked: { urls: string[]; versions: (bigint | undefined)[] } = { urls: [], versions: [] };
      const started = authority({
        recordEvents: scripted(recordEvents, ({ events }) => {
          asked.urls.push(...events.map(({ location }) => location?.url ?? ''));
          asked.versions.push(...events.map(({ seenVersion }) => seenVersion));
          return { receipts: events.map(({ eventId }) => ({ eventId, status: ReceiptStatus.ACCEPTED })) };
        }),
        getCase: scripted(getCase, ({ locationKey }) => {
          const judged = effects[Math.min(looks, effects.length - 1)];
          looks += 1;
          const events = judged === undefined ? [] : [{ eventId: 'act-1', type: event.type, ...judged }];
          return { case: { locationKey, version: 2n, status: 'TRIAGED', events } };
        }),
      });
      return started.then((client) => ({ client, asked }));
    };

    it('waits until it is judged, and says that it applied', async () => {
      const { client, asked } = await judging({ effect: '' }, { effect: '' }, { effect: 'APPLIED' });
      const result = await act(client, event, named, standing(), 10_000);
      expect(result).toMatchObject({ verdict: 'APPLIED', isRepeat: false, standing: { status: 'TRIAGED' } });
      expect(asked).toEqual({ urls: ['https://lachan-demo-1.vn/x'], versions: [1n] });
    });

    it('says that it was refused and why, and that it had been done before', async () => {
      const refused = await judging({ effect: 'REFUSED', refusal: 'OUTDATED' });
      expect(await act(refused.client, event, named, standing(), 10_000)).toMatchObject({
        verdict: 'REFUSED',
        refusal: 'OUTDATED',
      });
      const before = await judging({ effect: 'NO_OP' });
      expect(await act(before.client, event, named, standing(), 10_000)).toMatchObject({ verdict: 'NO_OP' });
    });

    it('is pending when nobody has judged it in time', async () => {
      const { client } = await judging({ effect: '' });
      expect(await act(client, event, named, standing(), 200)).toMatchObject({ verdict: 'PENDING' });
    });

    it('that was recorded before under its id is told so; another under that id is refused', async () => {
      const { client } = await judging({ effect: 'APPLIED' });
      const recorded = { eventId: 'act-1', type: TakedownEventType.TRIAGED, effect: 'APPLIED' };
      expect(await act(client, event, named, standing({ events: [recorded] }), 10_000)).toMatchObject({
        verdict: 'APPLIED',
        isRepeat: true,
      });
      const other = { ...recorded, type: TakedownEventType.HOLD };
      expect(await act(client, event, named, standing({ events: [other] }), 10_000)).toMatchObject({
        verdict: 'REFUSED',
        refusal: 'SAME_ID_OTHER_CONTENT',
      });
    });

    it('that the gateway rejects changes nothing and names its fields', async () => {
      const client = await authority({
        recordEvents: scripted(recordEvents, () => ({
          receipts: [
            {
              status: ReceiptStatus.REJECTED,
              violations: [{ field: 'note', rule: Rule.LENGTH, message: 'Too long.' }],
            },
          ],
        })),
      });
      expect(await act(client, event, named, standing(), 10_000)).toMatchObject({
        verdict: 'REJECTED',
        violations: [{ field: 'note', rule: 'LENGTH', message: 'Too long.' }],
      });
    });
  });

  describe('sending events', () => {
    const empty = { kind: 'invalid', violations: [] } as const;
    const taking = (arrived: string[]): ReturnType<typeof scripted> =>
      scripted(submitActions, ({ events }) => {
        if (events.length === 0) return new Refused(empty);
        arrived.push(...events.map(({ eventId }) => eventId));
        return { receipts: events.map(({ eventId }) => ({ eventId, status: ReceiptStatus.ACCEPTED })) };
      });
    const one = create(recordEvents.input, { events: [{ eventId: 'e-1' }] }).events;

    it('goes to the service that the credential belongs to', async () => {
      const recorded: string[] = [];
      const submitted: string[] = [];
      const operators = await authority({ recordEvents: taking(recorded), submitActions: taking(submitted) });
      await (
        await senderFor(operators)
      )(one);
      expect([recorded, submitted]).toEqual([['e-1'], []]);
      const providers = await authority({
        recordEvents: scripted(recordEvents, () => stranger),
        submitActions: taking(submitted),
      });
      await (
        await senderFor(providers)
      )(one);
      expect([recorded, submitted]).toEqual([['e-1'], ['e-1']]);
    });

    it('with a credential of nobody is refused before anything is sent', async () => {
      const nobody = await authority({});
      await expect(senderFor(nobody)).rejects.toThrow(/neither that of an operator nor that of a provider/);
    });
  });
});
