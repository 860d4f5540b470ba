// Names of the contract's closed lists as people write them: without the prefix of their list.
import { Category, Urgency } from '@lachan/proto/report';
import { CaseStage, Relation, TakedownEventType } from '@lachan/proto/takedown';

/** A closed list as generated: names to numbers, and back. */
type NamesAndNumbers<Member extends number> = Readonly<Record<string, Member | string>>;

export const CATEGORY_NAMES = namesOf(Category);
export const URGENCY_NAMES = namesOf(Urgency);
export const STAGE_NAMES = namesOf(CaseStage);
export const RELATION_NAMES = namesOf(Relation);

export const categoryName = (member: Category): string => nameOf(Category, member);
export const urgencyName = (member: Urgency): string => nameOf(Urgency, member);
export const stageName = (member: CaseStage): string => nameOf(CaseStage, member);
export const eventTypeName = (member: TakedownEventType): string => nameOf(TakedownEventType, member);

/** Unspecified for undefined. */
export const categoryNamed = (name: string | undefined): Category =>
  memberNamed(Category, name, Category.UNSPECIFIED);
export const urgencyNamed = (name: string | undefined): Urgency =>
  memberNamed(Urgency, name, Urgency.UNSPECIFIED);
export const stageNamed = (name: string | undefined): CaseStage =>
  memberNamed(CaseStage, name, CaseStage.UNSPECIFIED);
export const relationNamed = (name: string | undefined): Relation =>
  memberNamed(Relation, name, Relation.UNSPECIFIED);

function namesOf(members: NamesAndNumbers<number>): readonly string[] {
  return Object.entries(members).flatMap(([name, member]) =>
    typeof member === 'number' && member !== 0 ? [name] : [],
  );
}

/** Empty for unspecified; the number of one that this version does not know. */
function nameOf(members: NamesAndNumbers<number>, member: number): string {
  return member === 0 ? '' : String(members[member] ?? member);
}

function memberNamed<Member extends number>(
  members: NamesAndNumbers<Member>,
  name: string | undefined,
  unspecified: Member,
): Member {
  const member = name === undefined ? unspecified : members[name];
  return typeof member === 'number' ? member : unspecified;
}
