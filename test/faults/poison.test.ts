import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataDirectory } from '../../cli/embedded/data-directory.js';
import { openEmbeddedLog } from '../../log/embedded.js';
import { REPORTS_TOPIC } from '../../log/topics.js';
import { reportRecordCodec } from '../../schemas/record-codec.js';
import { expectLandedOnce, finishAccepted, Sender } from '../support/faults.js';
import { Place, recordOf, until } from '../support/lachan-process.js';
import { recordOf as goodRecord } from '../support/records.js';

const OPTIONS = ['--landing-wait-ms', '50', '--log-level', 'warn'];
const PER_TURN = 5;
const BIG_BYTES = 1_000_000;

const good = reportRecordCodec.encode(goodRecord({ territorialScope: ['first', 'second'] }));
const HEADER_BYTES = 10;

/** The list of two texts, with another number of items announced in front of it. */
function announcing(items: string): Buffer {
  const at = good.indexOf(Buffer.from('\u0004\u000afirst', 'latin1'));
  if (at < 0) throw new Error('the list is not where it was looked for');
  return Buffer.concat([good.subarray(0, at), Buffer.from(items, 'hex'), good.subarray(at + 1)]);
}
function withFingerprint(byte: number): Buffer {
  const bytes = Buffer.from(good);
  bytes.fill(byte, 2, HEADER_BYTES);
  return bytes;
}

const POISON: readonly (readonly [what: string, bytes: Buffer, reason: string])[] = [
  ['nothing', Buffer.alloc(0), 'UNDECODABLE'],
  ['bytes of no record', Buffer.from('not a record'), 'UNDECODABLE'],
  ['half a record', good.subarray(0, good.length / 2), 'UNDECODABLE'],
  ['a record with more behind it', Buffer.concat([good, good]), 'UNDECODABLE'],
  ['a schema that nobody knows', withFingerprint(0xee), 'UNKNOWN_SCHEMA'],
  ['a list of 25 million items', announcing('80e1eb17'), 'UNDECODABLE'],
  ['a list of more items than can be counted', announcing('ffffffffffffffffff01'), 'UNDECODABLE'],
  ['a list of a negative number of items', announcing('ffc3d72f02'), 'UNDECODABLE'],
  [
    'a mebibyte of numbers beyond 2^53',
    Buffer.concat([good.subarray(0, HEADER_BYTES), Buffer.alloc(BIG_BYTES, 0xff)]),
    'UNDECODABLE',
  ],
];

describe('records in the log that nobody can read', () => {
  let place: Place;
  let token: string;
  let accepted: readonly string[];

  beforeEach(async () => {
    place = await Place.make();
    const serving = await place.start(...OPTIONS);
    token = await place.provider('Lachan Demo Poison');
    accepted = await sent(serving.grpc, 'before');
    await serving.process.stop();
  });
  afterEach(() => place.remove());

  async function sent(endpoint: string, name: string): Promise<readonly string[]> {
    const sender = new Sender({ name, endpoint, token, perTurn: PER_TURN });
    await sender.progress(200);
    return finishAccepted(sender);
  }
  async function append(values: readonly Buffer[]): Promise<void> {
    const { log: directory } = dataDirectory(place.dataDir);
    const log = openEmbeddedLog({ directory, maxBytes: 1_000_000_000, clock: () => performance.now() });
    await log.append(
      REPORTS_TOPIC,
      values.map((value) => ({ key: Buffer.from('k'), value })),
    );
    await log.close();
  }

  it('become dead letters with their bytes and the reason, and the reports around them land', async () => {
    await append(POISON.map(([, bytes]) => bytes));
    const serving = await place.start(...OPTIONS);
    const later = await sent(serving.grpc, 'after');
    expect(await serving.process.stop()).toEqual({ code: 0, signal: null });
    const outcomes = await expectLandedOnce(place, [...accepted, ...later]);
    expect(outcomes).toMatchObject({ DEAD_LETTER: POISON.length });
    const [rows = []] = await place.select(
      `SELECT reason, stage, original FROM records WHERE outcome = 'DEAD_LETTER' ORDER BY log_offset`,
    );
    expect(rows).toEqual(
      POISON.map(([, bytes, reason]) => ({ reason, stage: 'decode', original: bytes.toString('base64') })),
    );
  });

  it('stop landing when they come as a flood, while reports are still accepted; they land when that is allowed', async () => {
    await append(Array.from({ length: 1_001 }, (_, n) => Buffer.from(`not a record: ${n}`)));
    const stopped = await place.start(...OPTIONS);
    const problem = await until('landing to stop', async () => {
      const answer = await fetch(`${stopped.http}/healthz`);
      return answer.status === 503 ? recordOf(await answer.json()) : undefined;
    });
    expect(JSON.stringify(problem)).toMatch(/landing has stopped|in a row cannot be read/);
    const later = await sent(stopped.grpc, 'after');
    expect(await stopped.process.stop()).toEqual({ code: 0, signal: null });
    const [rows = []] = await place.select(`SELECT DISTINCT outcome FROM records ORDER BY outcome`);
    expect(rows.map(({ outcome }) => outcome)).toEqual(['DUPLICATE', 'REPORT']);

    const allowed = await place.start(...OPTIONS, '--max-dead-letters-in-a-row', '2000');
    await until('everything to land', async () => {
      const text = await (await fetch(`${allowed.http}/metrics`)).text();
      return /^lachan_landing_lag_records 0$/m.test(text) || undefined;
    });
    expect(await allowed.process.stop()).toEqual({ code: 0, signal: null });
    const outcomes = await expectLandedOnce(place, [...accepted, ...later]);
    expect(outcomes).toMatchObject({ DEAD_LETTER: 1_001 });
  });
});
