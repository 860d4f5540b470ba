// What an operator can do to a case, and the event that says so.
import { TakedownEventType, type Case, type TakedownEvent } from '@lachan/proto/takedown';
import { Option } from 'commander';
import { CLOSE_REASONS, FINDINGS } from '../../takedown/event-types.js';
import { CommandFault } from '../command-fault.js';
import {
  CATEGORY_NAMES,
  categoryNamed,
  RELATION_NAMES,
  relationNamed,
  STAGE_NAMES,
  stageName,
  stageNamed,
  URGENCY_NAMES,
  urgencyNamed,
} from './contract-names.js';

/** What the options of all acts come to; each act has its own few. */
export interface ActFlags {
  readonly finding?: string;
  readonly category?: string;
  readonly urgency?: string;
  readonly addressee?: string;
  readonly legalBasis?: string;
  readonly as?: string;
  readonly stage?: string;
  readonly owner?: string;
  readonly from?: string;
  readonly relation?: string;
  readonly foundAt?: string;
  readonly down?: boolean;
  readonly stillUp?: boolean;
  readonly alreadyDown?: boolean;
  readonly made?: boolean;
  readonly upheld?: boolean;
  readonly reinstated?: boolean;
  readonly ordered?: boolean;
  readonly confirmed?: boolean;
  readonly verified?: boolean;
}

/** What an event says, beside which case it is about. */
export type ActEvent = Partial<Omit<TakedownEvent, '$typeName' | '$unknown' | 'location' | 'locationKey'>>;

export interface Act {
  readonly name: string;
  readonly description: string;
  readonly options: readonly Option[];
  /** `standing`: the case as the operator sees it. Throws `CommandFault` for options that do not go together. */
  readonly event: (flags: ActFlags, standing: Case) => ActEvent;
}

const addressee = new Option('--addressee <provider>', 'provider id of whoever has to act');
const urgency = new Option('--urgency <urgency>', 'how urgent it is').choices(URGENCY_NAMES);

export const ACTS: readonly Act[] = [
  plain('triage', 'it has been sorted and goes on to assessment', TakedownEventType.TRIAGED),
  {
    name: 'assess',
    description: 'say what it is',
    options: [
      new Option('--finding <finding>', 'what it is').choices(FINDINGS).default('ILLEGAL'),
      new Option('--category <category>', 'where it is another than was reported').choices(CATEGORY_NAMES),
      urgency,
    ],
    event: (flags) => ({
      type: TakedownEventType.ASSESSED,
      reason: flags.finding ?? '',
      category: categoryNamed(flags.category),
      urgency: urgencyNamed(flags.urgency),
    }),
  },
  {
    name: 'notice',
    description:
      'ask whoever answers for the location to take it down, and start the legal clocks; name the case by its location, and the addressee is told it',
    options: [
      new Option('--addressee <provider>', 'provider id (default: whoever the registry says)'),
      new Option('--legal-basis <text>', 'the law or order it rests on; told to the addressee'),
      urgency,
    ],
    event: (flags) => ({
      type: TakedownEventType.NOTICE_ISSUED,
      addressee: flags.addressee ?? '',
      legalBasis: flags.legalBasis ?? '',
      urgency: urgencyNamed(flags.urgency),
    }),
  },
  plain('hold', 'law enforcement asks to wait: legal clocks stand still', TakedownEventType.HOLD),
  plain('release', 'the hold has ended', TakedownEventType.HOLD_ENDED),
  {
    name: 'verify',
    description: 'somebody independent has looked',
    options: [
      new Option('--down', 'it is gone'),
      new Option('--still-up', 'it is still there'),
      new Option('--already-down', 'it was gone before anybody asked'),
    ],
    event: ({ down, stillUp, alreadyDown }) => ({
      type: oneOf({
        '--down': down === true && TakedownEventType.VERIFIED_DOWN,
        '--still-up': stillUp === true && TakedownEventType.VERIFIED_STILL_UP,
        '--already-down': alreadyDown === true && TakedownEventType.ALREADY_DOWN,
      }),
    }),
  },
  plain('escalate', 'a deadline has passed: higher up', TakedownEventType.ESCALATED),
  {
    name: 'close',
    description: 'nothing more to do',
    options: [new Option('--as <reason>', 'why').choices(CLOSE_REASONS).default('DOWN')],
    event: (flags) => ({ type: TakedownEventType.CLOSED, reason: flags.as ?? '' }),
  },
  plain(
    'refer',
    'handed to another authority, after close --as NOT_IN_JURISDICTION',
    TakedownEventType.REFERRED,
  ),
  {
    name: 'assign',
    description: 'give a stage an owner, or hand it over to another',
    options: [
      new Option('--owner <operator>', 'who owns it from now on').makeOptionMandatory(),
      new Option('--stage <stage>', 'which (default: the one that the case is in)').choices(STAGE_NAMES),
      new Option('--from <operator>', 'who owned it (default: whoever owns the stage that the case is in)'),
    ],
    event: assigned,
  },
  {
    name: 'reappeared',
    description: 'it came back after it was seen down: here, or where --found-at says',
    options: [
      new Option('--found-at <case>', 'key or URL of the case it was found in, where that is another'),
      new Option('--relation <relation>', 'how the two are related').choices(RELATION_NAMES),
    ],
    event: (flags) => ({
      type: TakedownEventType.REAPPEARED,
      relation: relationNamed(flags.relation),
    }),
  },
  {
    name: 'appeal',
    description: 'somebody disputes it, or the dispute has been decided',
    options: [
      new Option('--made', 'an appeal came in'),
      new Option('--upheld', 'the decision stands'),
      new Option('--reinstated', 'the content may be up again'),
    ],
    event: ({ made, upheld, reinstated }) => ({
      type: oneOf({
        '--made': made === true && TakedownEventType.APPEALED,
        '--upheld': upheld === true && TakedownEventType.UPHELD,
        '--reinstated': reinstated === true && TakedownEventType.REINSTATED,
      }),
    }),
  },
  told(
    'acknowledged',
    'a provider said, by another way than this, that it has the notice',
    TakedownEventType.ACKNOWLEDGED,
  ),
  told(
    'claimed',
    'a provider said, by another way than this, that it acted; no proof',
    TakedownEventType.ACTION_CLAIMED,
  ),
  {
    name: 'block',
    description: 'access providers have to block it, or do',
    options: [
      new Option('--ordered', 'they have to'),
      new Option('--confirmed', 'they say they do'),
      new Option('--verified', 'somebody has looked: they do'),
      addressee,
    ],
    event: ({ ordered, confirmed, verified, addressee: who = '' }) => ({
      type: oneOf({
        '--ordered': ordered === true && TakedownEventType.BLOCK_ORDERED,
        '--confirmed': confirmed === true && TakedownEventType.BLOCK_CONFIRMED,
        '--verified': verified === true && TakedownEventType.BLOCK_VERIFIED,
      }),
      addressee: who,
    }),
  },
];

function plain(name: string, description: string, type: TakedownEventType): Act {
  return { name, description, options: [], event: () => ({ type }) };
}

function told(name: string, description: string, type: TakedownEventType): Act {
  return {
    name,
    description,
    options: [addressee],
    event: (flags) => ({ type, addressee: flags.addressee ?? '' }),
  };
}

function assigned(flags: ActFlags, standing: Case): ActEvent {
  const stage = flags.stage ?? stageName(standing.stage);
  if (stage === '') throw new CommandFault('nobody has to move in this case: say which --stage', 2);
  // Of other stages the case does not tell who owns them.
  const previousOwner = flags.from ?? (stage === stageName(standing.stage) ? standing.owner : '');
  // Whoever owns it already is no hand-over, and the case says that it was done before.
  const isHandedOver = previousOwner !== '' && previousOwner !== flags.owner;
  return {
    type: isHandedOver ? TakedownEventType.HANDED_OVER : TakedownEventType.ASSIGNED,
    stage: stageNamed(stage),
    owner: flags.owner ?? '',
    previousOwner: isHandedOver ? previousOwner : '',
  };
}

function oneOf(choices: Readonly<Record<string, TakedownEventType | false>>): TakedownEventType {
  const [chosen, ...more] = Object.values(choices).filter((type) => type !== false);
  if (chosen === undefined || more.length > 0)
    throw new CommandFault(`say one of ${Object.keys(choices).join(', ')}`, 2);
  return chosen;
}
