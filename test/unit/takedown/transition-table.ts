// Every pair of status and event, written from section 3 of the domain model: what happens next, or why not.
import type { EventType, Status } from '../../../takedown/event-types.js';
import type { RefusalReason } from '../../../takedown/refusal-reasons.js';

/** Column heads of the table. */
export const COLUMNS: readonly Status[] = [
  'UNREPORTED',
  'REPORTED',
  'TRIAGED',
  'ASSESSED',
  'SELF_ACTIONED',
  'REAPPEARED',
  'NOTICE_ISSUED',
  'ACKNOWLEDGED',
  'ACTION_CLAIMED',
  'VERIFIED_STILL_UP',
  'ESCALATED',
  'ALREADY_DOWN',
  'VERIFIED_DOWN',
  'CLOSED_DOWN',
  'CLOSED_NOT_ILLEGAL',
  'CLOSED_NOT_IN_JURISDICTION',
  'CLOSED_NOT_RESOLVABLE',
  'REFERRED',
  'RETRACTED',
  'REINSTATED',
];

/** `=` recorded, the status stays · `0` was done before, nothing changes · three letters: leads there · two: refused. */
export const LEADS_TO: Readonly<Record<string, Status>> = {
  REP: 'REPORTED',
  TRI: 'TRIAGED',
  ASS: 'ASSESSED',
  SEL: 'SELF_ACTIONED',
  REA: 'REAPPEARED',
  NOT: 'NOTICE_ISSUED',
  ACK: 'ACKNOWLEDGED',
  CLA: 'ACTION_CLAIMED',
  STU: 'VERIFIED_STILL_UP',
  ESC: 'ESCALATED',
  ALD: 'ALREADY_DOWN',
  VED: 'VERIFIED_DOWN',
  CNR: 'CLOSED_NOT_RESOLVABLE',
  REF: 'REFERRED',
  RET: 'RETRACTED',
};

export const REFUSED_AS: Readonly<Record<string, RefusalReason>> = {
  nr: 'NOT_REPORTED',
  na: 'NOT_ASSESSED',
  nn: 'NO_NOTICE',
  nd: 'NOT_ADDRESSED',
  nh: 'NOT_HELD',
  np: 'NOT_APPEALED',
  no: 'NOT_ORDERED',
  ns: 'NOT_SEEN_DOWN',
  nj: 'NOT_OUTSIDE_JURISDICTION',
  dn: 'ALREADY_DOWN',
  an: 'AFTER_NOTICE',
  oo: 'OUT_OF_ORDER',
  cu: 'CLAIM_UNVERIFIED',
  cc: 'CASE_CLOSED',
};

// The events are told apart by who they name: see `EVENT` of the test. Deadlines have passed by then.
// The columns are aligned by hand.
// prettier-ignore
export const TABLE: Readonly<Record<EventType, string>> = {
  //                  UNR REP TRI ASS SEL REA NOT ACK CLA STU ESC ALD VED CLD CNI CNJ CNR REF RET REI
  REPORTED:          'REP =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   REP =',
  SELF_ACTIONED:     'SEL SEL SEL SEL =   SEL =   =   =   =   =   =   =   =   =   =   =   =   SEL =',
  RETRACTED:         'nr  RET RET RET RET RET RET RET RET RET RET =   =   =   =   RET RET RET 0   =',
  ASSIGNED:          'nr  =   =   =   =   =   =   =   =   =   =   =   =   cc  cc  cc  cc  cc  cc  cc',
  HANDED_OVER:       'nr  =   =   =   =   =   =   =   =   =   =   =   =   cc  cc  cc  cc  cc  cc  cc',
  TRIAGED:           'nr  TRI 0   oo  =   TRI an  an  an  an  an  dn  dn  cc  cc  cc  cc  cc  cc  cc',
  ASSESSED:          'nr  ASS ASS =   =   ASS an  an  an  an  an  dn  dn  cc  cc  cc  cc  cc  cc  cc',
  HOLD:              'nr  =   =   =   =   =   =   =   =   =   =   dn  dn  cc  cc  cc  cc  cc  cc  cc',
  HOLD_ENDED:        'nr  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh  nh',
  NOTICE_ISSUED:     'nr  na  na  NOT cu  NOT =   =   =   =   =   dn  dn  cc  cc  cc  cc  cc  cc  cc',
  NOTICE_REPEATED:   'nr  =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =',
  ACKNOWLEDGED:      'nr  nn  nn  nn  nn  nn  ACK 0   0   0   =   dn  dn  cc  cc  cc  cc  cc  cc  cc',
  ACTION_CLAIMED:    'nr  nn  nn  nn  nn  nn  CLA CLA 0   CLA CLA nn  0   0   cc  nd  nd  nd  cc  cc',
  VERIFIED_STILL_UP: 'nr  =   =   =   REP =   =   =   STU =   =   REA REA REA cc  =   =   =   cc  cc',
  BREACHED:          'nr  =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =',
  BREACH_WITHDRAWN:  'nr  =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =',
  ESCALATED:         'nr  nn  nn  nn  nn  nn  ESC ESC cu  ESC 0   dn  dn  cc  cc  cc  cc  cc  cc  cc',
  BLOCK_ORDERED:     'nr  na  na  =   na  =   =   =   =   =   =   dn  dn  cc  cc  =   =   =   cc  cc',
  BLOCK_CONFIRMED:   'nr  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no',
  BLOCK_VERIFIED:    'nr  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no  no',
  ALREADY_DOWN:      'nr  ALD ALD ALD ALD ALD an  an  an  an  an  0   0   0   cc  cc  cc  cc  cc  cc',
  VERIFIED_DOWN:     'nr  VED VED VED VED VED VED VED VED VED VED 0   0   0   cc  VED VED VED cc  cc',
  APPEALED:          'nr  =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =   =',
  REINSTATED:        'nr  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np',
  UPHELD:            'nr  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np  np',
  CLOSED:            'nr  na  na  CNR na  CNR CNR CNR CNR CNR CNR dn  dn  cc  cc  cc  0   cc  cc  cc',
  REFERRED:          'nr  nj  nj  nj  nj  nj  nj  nj  nj  nj  nj  nj  nj  nj  nj  REF nj  0   nj  nj',
  REAPPEARED:        'nr  ns  ns  ns  ns  ns  ns  ns  ns  ns  ns  REA REA REA ns  ns  ns  ns  ns  ns',
};
