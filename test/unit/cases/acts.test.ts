import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CaseSchema, CaseStage, Relation, TakedownEventType, type Case } from '@lachan/proto/takedown';
import { Category, Urgency } from '@lachan/proto/report';
import { describe, expect, it } from 'vitest';
import { ACTS, type ActEvent, type ActFlags } from '../../../cli/takedown/acts.js';

const standing = (init: MessageInitShape<typeof CaseSchema> = {}): Case => create(CaseSchema, init);
const said = (name: string, flags: ActFlags = {}, as = standing()): ActEvent => {
  const act = ACTS.find((one) => one.name === name);
  if (act === undefined) throw new Error(`no act is called ${name}`);
  return act.event(flags, as);
};
const { HANDED_OVER, ASSIGNED } = TakedownEventType;

describe('acts of an operator', () => {
  it('say what the contract calls them', () => {
    const acts: readonly (readonly [string, ActFlags, TakedownEventType])[] = [
      ['triage', {}, TakedownEventType.TRIAGED],
      ['assess', {}, TakedownEventType.ASSESSED],
      ['notice', {}, TakedownEventType.NOTICE_ISSUED],
      ['hold', {}, TakedownEventType.HOLD],
      ['release', {}, TakedownEventType.HOLD_ENDED],
      ['verify', { down: true }, TakedownEventType.VERIFIED_DOWN],
      ['verify', { stillUp: true }, TakedownEventType.VERIFIED_STILL_UP],
      ['verify', { alreadyDown: true }, TakedownEventType.ALREADY_DOWN],
      ['escalate', {}, TakedownEventType.ESCALATED],
      ['close', {}, TakedownEventType.CLOSED],
      ['refer', {}, TakedownEventType.REFERRED],
      ['reappeared', {}, TakedownEventType.REAPPEARED],
      ['appeal', { made: true }, TakedownEventType.APPEALED],
      ['appeal', { upheld: true }, TakedownEventType.UPHELD],
      ['appeal', { reinstated: true }, TakedownEventType.REINSTATED],
      ['acknowledged', {}, TakedownEventType.ACKNOWLEDGED],
      ['claimed', {}, TakedownEventType.ACTION_CLAIMED],
      ['block', { ordered: true }, TakedownEventType.BLOCK_ORDERED],
      ['block', { confirmed: true }, TakedownEventType.BLOCK_CONFIRMED],
      ['block', { verified: true }, TakedownEventType.BLOCK_VERIFIED],
    ];
    for (const [name, flags, type] of acts) expect(said(name, flags).type).toBe(type);
    expect(new Set(acts.map(([name]) => name))).toEqual(
      new Set(ACTS.map(({ name }) => name).filter((name) => name !== 'assign')),
    );
  });

  it('carry what was given, in the values of the contract', () => {
    expect(
      said('assess', { finding: 'HARMFUL_NOT_ILLEGAL', category: 'SELF_HARM', urgency: 'EXPEDITED' }),
    ).toEqual({
      type: TakedownEventType.ASSESSED,
      reason: 'HARMFUL_NOT_ILLEGAL',
      category: Category.SELF_HARM,
      urgency: Urgency.EXPEDITED,
    });
    expect(
      said('notice', { addressee: 'demo-host', legalBasis: 'art. 25', urgency: 'IMMINENT_RISK' }),
    ).toEqual({
      type: TakedownEventType.NOTICE_ISSUED,
      addressee: 'demo-host',
      legalBasis: 'art. 25',
      urgency: Urgency.IMMINENT_RISK,
    });
    expect(said('close', { as: 'NOT_RESOLVABLE' })).toMatchObject({ reason: 'NOT_RESOLVABLE' });
    expect(said('reappeared', { relation: 'MOVED_HOST' })).toMatchObject({ relation: Relation.MOVED_HOST });
  });

  it('that need one choice take exactly one', () => {
    for (const name of ['verify', 'appeal', 'block']) expect(() => said(name)).toThrow(/say one of --/);
    expect(() => said('verify', { down: true, stillUp: true })).toThrow(/--down, --still-up, --already-down/);
  });

  it('assign gives the stage of the case an owner, and hands it over where there is one', () => {
    const stage = CaseStage.ASSESSMENT;
    expect(said('assign', { owner: 'lan' }, standing({ stage }))).toEqual({
      type: ASSIGNED,
      stage,
      owner: 'lan',
      previousOwner: '',
    });
    expect(said('assign', { owner: 'lan' }, standing({ stage, owner: 'minh' }))).toEqual({
      type: HANDED_OVER,
      stage,
      owner: 'lan',
      previousOwner: 'minh',
    });
    // Whoever owns it already: the authority says that it was done before.
    expect(said('assign', { owner: 'lan' }, standing({ stage, owner: 'lan' }))).toMatchObject({
      type: ASSIGNED,
    });
  });

  it('assign takes another stage, whose owner only --from tells', () => {
    const now = standing({ stage: CaseStage.ASSESSMENT, owner: 'minh' });
    const other = { owner: 'lan', stage: 'NOTICE' };
    expect(said('assign', other, now)).toMatchObject({ type: ASSIGNED, stage: CaseStage.NOTICE });
    expect(said('assign', { ...other, from: 'hoa' }, now)).toMatchObject({
      type: HANDED_OVER,
      previousOwner: 'hoa',
    });
    expect(() => said('assign', { owner: 'lan' }, standing())).toThrow(/--stage/);
  });
});
