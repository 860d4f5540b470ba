// What the values of XARF v4 mean in the contract; only values of its published schemas stand here.
import { Category, Channel, ContentType, DetectionMethod, FingerprintAlgorithm } from '@lachan/proto/report';

/** Every member that the schemas of content/csam and content/csem name: whoever reads a document counts the others. */
export const XARF_MEMBERS: ReadonlySet<string> = new Set([
  // Read, by name.
  ...['xarf_version', 'report_id', 'timestamp', 'category', 'type', 'source_identifier', 'source_port'],
  ...['url', 'tags', 'confidence', 'description', 'detection_method', 'classification', 'media_type'],
  ...['hash_values', 'ncmec_report_id', 'content_removed', 'account_suspended', 'exploitation_type'],
  ...['victim_age_range', 'platform', 'evidence_type', 'reporting_obligations', 'perpetrator_indicators'],
  // Passed over: evidence, which holds encoded media; who sends is told by the credential; what is internal;
  // and what the authority finds out by itself or has no field for.
  ...['evidence', 'evidence_source', 'screenshot_url', 'reporter', 'sender', '_internal', 'legacy_version'],
  ...['domain', 'registrar', 'nameservers', 'dns_records', 'dns_response', 'ssl_certificate', 'whois', 'asn'],
  ...['country_code', 'hosting_provider', 'target_brand', 'attack_vector'],
  ...['verified_at', 'verification_method'],
]);

/** Values that are known but have no meaning in the contract beyond their name are undefined. */
export type Meanings<T> = ReadonlyMap<string, T | undefined>;

const named = (...names: readonly string[]): Meanings<never> =>
  new Map(names.map((name) => [name, undefined]));

/** What each type is about unless something closer is said. The schemas do not tell synthetic material apart. */
export const CATEGORY_BY_TYPE: ReadonlyMap<string, Category> = new Map([
  ['csam', Category.CSAM],
  ['csem', Category.EXPLOITATIVE_NOT_CSAM],
]);
export const EXPLOITATION: Meanings<Category> = new Map([
  ['grooming', Category.GROOMING],
  ['solicitation', Category.GROOMING],
  ['sextortion', Category.SEXTORTION],
  ['trafficking', Category.CHILD_SEX_TRAFFICKING],
  ...named('distribution', 'production', 'possession'),
]);
/** `hash_match` is exact unless only a perceptual digest is given. */
export const DETECTION: Meanings<DetectionMethod> = new Map([
  ['hash_match', DetectionMethod.HASH_EXACT],
  ['ai_detection', DetectionMethod.CLASSIFIER],
  ['manual_review', DetectionMethod.MANUAL_REVIEW],
  ['user_report', DetectionMethod.USER_REPORT],
  ['behavioral_analysis', DetectionMethod.BEHAVIOURAL],
  ['keyword_detection', DetectionMethod.KEYWORD],
  ...named('automated_scan', 'law_enforcement_referral'),
]);
/** Grades of the industry axis as they stand; `baseline` is none of them. */
export const CLASSIFICATION: Meanings<string> = new Map([
  ...['A1', 'A2', 'B1', 'B2'].map((grade) => [grade, grade] as const),
  ...named('baseline'),
]);
export const MEDIA: Meanings<ContentType> = new Map([
  ['image', ContentType.IMAGE],
  ['video', ContentType.VIDEO],
  ['audio', ContentType.AUDIO],
  ['text', ContentType.TEXT],
  ...named('mixed'),
]);
export const PLATFORM: Meanings<Channel> = new Map([
  ['messaging_app', Channel.CHAT],
  ['gaming_platform', Channel.GAMING],
  ['email', Channel.EMAIL],
  ...named('social_media', 'forum', 'darkweb', 'other'),
]);
export const HASHES: ReadonlyMap<string, FingerprintAlgorithm> = new Map([
  ['md5', FingerprintAlgorithm.MD5],
  ['sha1', FingerprintAlgorithm.SHA1],
  ['sha256', FingerprintAlgorithm.SHA256],
  ['photodna', FingerprintAlgorithm.PHOTODNA],
]);
export const AGE_RANGES = named('infant', 'toddler', 'prepubescent', 'pubescent', 'unknown');
export const EVIDENCE_TYPES = named('chat_logs', 'images', 'videos', 'user_profile', 'metadata');
export const OBLIGATIONS = named(
  ...['NCMEC', 'IWF', 'local_law_enforcement', 'europol', 'interpol', 'platform_safety_team', 'other'],
);
/** Our own categories by name, as `x-vn:<NAME>` carries them through a foreign format. */
export const OWN_CATEGORIES: ReadonlyMap<string, Category> = new Map(
  Object.entries(Category).filter(
    (entry): entry is [string, Category] => typeof entry[1] === 'number' && entry[1] !== Category.UNSPECIFIED,
  ),
);
