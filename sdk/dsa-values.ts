// What the values of the DSA transparency database mean in the contract; only values of its published lists stand here.
import {
  AutomatedDecision,
  Category,
  ContentType,
  DecisionAccount,
  DecisionGround,
  DecisionMonetary,
  DecisionProvision,
  DecisionVisibility,
  Source,
} from '@lachan/proto/report';

export type Names<T> = Readonly<Record<string, T>>;

/** In order of weight: the first that a row names is its category, the others are additional ones. */
export const CATEGORY_BY_KEYWORD: Names<Category> = {
  KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL: Category.CSAM,
  KEYWORD_CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE: Category.CSAM_SYNTHETIC,
  KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS: Category.GROOMING,
  KEYWORD_UNSAFE_CHALLENGES: Category.UNSAFE_CHALLENGE,
  KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS: Category.AGE_INAPPROPRIATE,
};
export const VISIBILITY: Names<DecisionVisibility> = {
  DECISION_VISIBILITY_CONTENT_REMOVED: DecisionVisibility.REMOVED,
  DECISION_VISIBILITY_CONTENT_DISABLED: DecisionVisibility.DISABLED,
  DECISION_VISIBILITY_CONTENT_DEMOTED: DecisionVisibility.DEMOTED,
  DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED: DecisionVisibility.AGE_RESTRICTED,
  DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED: DecisionVisibility.INTERACTION_RESTRICTED,
  DECISION_VISIBILITY_CONTENT_LABELLED: DecisionVisibility.LABELLED,
  DECISION_VISIBILITY_OTHER: DecisionVisibility.OTHER,
};
export const ACCOUNT: Names<DecisionAccount> = {
  DECISION_ACCOUNT_SUSPENDED: DecisionAccount.SUSPENDED,
  DECISION_ACCOUNT_TERMINATED: DecisionAccount.TERMINATED,
};
export const MONETARY: Names<DecisionMonetary> = {
  DECISION_MONETARY_SUSPENSION: DecisionMonetary.SUSPENDED,
  DECISION_MONETARY_TERMINATION: DecisionMonetary.TERMINATED,
  DECISION_MONETARY_OTHER: DecisionMonetary.OTHER,
};
export const PROVISION: Names<DecisionProvision> = {
  DECISION_PROVISION_PARTIAL_SUSPENSION: DecisionProvision.PARTIALLY_SUSPENDED,
  DECISION_PROVISION_TOTAL_SUSPENSION: DecisionProvision.SUSPENDED,
  DECISION_PROVISION_PARTIAL_TERMINATION: DecisionProvision.PARTIALLY_TERMINATED,
  DECISION_PROVISION_TOTAL_TERMINATION: DecisionProvision.TERMINATED,
};
export const GROUND: Names<DecisionGround> = {
  DECISION_GROUND_ILLEGAL_CONTENT: DecisionGround.ILLEGAL,
  DECISION_GROUND_INCOMPATIBLE_CONTENT: DecisionGround.INCOMPATIBLE_WITH_TERMS,
};
export const CONTENT: Names<ContentType> = {
  CONTENT_TYPE_APP: ContentType.APP,
  CONTENT_TYPE_AUDIO: ContentType.AUDIO,
  CONTENT_TYPE_IMAGE: ContentType.IMAGE,
  CONTENT_TYPE_PRODUCT: ContentType.PRODUCT,
  CONTENT_TYPE_SYNTHETIC_MEDIA: ContentType.SYNTHETIC_MEDIA,
  CONTENT_TYPE_TEXT: ContentType.TEXT,
  CONTENT_TYPE_VIDEO: ContentType.VIDEO,
  CONTENT_TYPE_OTHER: ContentType.OTHER,
};
export const SOURCE: Names<Source> = {
  SOURCE_VOLUNTARY: Source.OWN_INITIATIVE,
  SOURCE_ARTICLE_16: Source.USER_NOTICE,
  SOURCE_TRUSTED_FLAGGER: Source.TRUSTED_FLAGGER,
  SOURCE_TYPE_OTHER_NOTIFICATION: Source.OTHER,
};
export const DECIDED_BY: Names<AutomatedDecision> = {
  AUTOMATED_DECISION_FULLY: AutomatedDecision.FULLY,
  AUTOMATED_DECISION_PARTIALLY: AutomatedDecision.PARTIALLY,
  AUTOMATED_DECISION_NOT_AUTOMATED: AutomatedDecision.NOT,
};
export const YES_NO: Names<boolean> = { Yes: true, No: false };
/** The Union writes two countries otherwise than ISO 3166. */
export const ISO_COUNTRY: Names<string> = { EL: 'GR', UK: 'GB' };
