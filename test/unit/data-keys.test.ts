import { describe, expect, it } from 'vitest';
import { openDataKeys, type DataKeys } from '../../gateway/data-keys.js';
import { keyIdOf, openBox, publicKeyFingerprint } from '../../gateway/seal.js';
import { LogFault } from '../../log/log.js';
import { DATA_KEYS_TOPIC } from '../../log/topics.js';
import { dataKeyRecordCodec, isUnreadable } from '../../schemas/record-codec.js';
import type { DataKeyRecord } from '../../schemas/report-record.js';
import { HeldLog, isPending } from '../support/held-log.js';
import { authority, boxOf, unwrapped } from '../support/gateway-records.js';

const LIFETIME_MS = 1000;
const full = new LogFault('FULL', 'no room');

interface World {
  nowMs: number;
  readonly log: HeldLog;
  readonly open: () => Promise<DataKeys>;
}

function world(): World {
  const log = new HeldLog();
  const state: World = {
    nowMs: 5_000,
    log,
    open: () =>
      openDataKeys({
        log,
        authorityKey: authority.publicKey,
        nowMs: () => state.nowMs,
        lifetimeMs: LIFETIME_MS,
      }),
  };
  return state;
}

const logged = (log: HeldLog): DataKeyRecord[] =>
  log.records(DATA_KEYS_TOPIC).map(({ key, value }) => {
    const record = dataKeyRecordCodec.decode(value);
    if (isUnreadable(record)) throw new Error('not a data key');
    expect(key).toEqual(Uint8Array.from(record.keyId));
    return record;
  });

const report = new Uint8Array(16);
const sealNow = (keys: DataKeys): Buffer => boxOf(keys.current(), report, 0, 'additional_info', 'text');
const keyInUse = (keys: DataKeys): string | undefined => keyIdOf(sealNow(keys))?.toString('hex');
const idOf = (record: DataKeyRecord | undefined): string => Buffer.from(record?.keyId ?? []).toString('hex');

describe("the gateway's data key", () => {
  it('is durable in the log before there is anything to seal with', async () => {
    const { log, open } = world();
    log.hold();
    const opening = open();
    expect(await isPending(opening)).toBe(true);
    expect(log.records(DATA_KEYS_TOPIC)).toEqual([]);
    log.letGo();
    const keys = await opening;
    expect(logged(log).map(idOf)).toEqual([keyInUse(keys)]);
  });

  it('opens, from its record, what was sealed with it', async () => {
    const { log, open } = world();
    const box = sealNow(await open());
    const [record] = logged(log);
    if (record === undefined) throw new Error('nothing logged');
    expect(record).toMatchObject({
      createdAtMs: 5_000,
      publicKeyFingerprint: publicKeyFingerprint(authority.publicKey),
    });
    expect(openBox(unwrapped(record), box, report, 0, 'additional_info')).toBe('text');
  });

  it('is not had where the log refuses its record', async () => {
    const { log, open } = world();
    log.failWith(full);
    await expect(open()).rejects.toBe(full);
  });

  it('is not replaced before its time', async () => {
    const state = world();
    const keys = await state.open();
    state.nowMs += LIFETIME_MS - 1;
    await keys.replaceIfDue();
    expect(logged(state.log)).toHaveLength(1);
  });

  it('is replaced when its time is over, once the next one is durable', async () => {
    const state = world();
    const keys = await state.open();
    const first = keyInUse(keys);
    state.nowMs += LIFETIME_MS;
    state.log.hold();
    const replacing = keys.replaceIfDue();
    expect(await isPending(replacing)).toBe(true);
    expect(keyInUse(keys)).toBe(first);
    state.log.letGo();
    await replacing;
    const [, second] = logged(state.log);
    expect(keyInUse(keys)).toBe(idOf(second));
    expect(idOf(second)).not.toBe(first);
    expect(second?.createdAtMs).toBe(5_000 + LIFETIME_MS);
  });

  it('is replaced by one other, however often that is asked for meanwhile', async () => {
    const state = world();
    const keys = await state.open();
    state.nowMs += LIFETIME_MS;
    state.log.hold();
    const all = Promise.all([keys.replaceIfDue(), keys.replaceIfDue(), keys.replaceIfDue()]);
    state.log.letGo();
    await all;
    expect(logged(state.log)).toHaveLength(2);
  });

  it('stays in use where the log refuses the next one, which is tried again', async () => {
    const state = world();
    const keys = await state.open();
    const first = keyInUse(keys);
    state.nowMs += LIFETIME_MS;
    state.log.failWith(full);
    await expect(keys.replaceIfDue()).rejects.toBe(full);
    expect(keyInUse(keys)).toBe(first);
    state.log.failWith(undefined);
    await keys.replaceIfDue();
    expect(keyInUse(keys)).toBe(idOf(logged(state.log)[1]));
  });

  it('leaves what was taken of it before usable', async () => {
    const state = world();
    const keys = await state.open();
    const held = keys.current();
    state.nowMs += LIFETIME_MS;
    await keys.replaceIfDue();
    const box = boxOf(held, report, 0, 'additional_info', 'text');
    const [record] = logged(state.log);
    if (record === undefined) throw new Error('nothing logged');
    expect(openBox(unwrapped(record), box, report, 0, 'additional_info')).toBe('text');
  });
});
