import {
  Assessor,
  ContentType,
  DecisionVisibility,
  ExternalSystem,
  FingerprintAlgorithm,
  ItemAnnotation,
  SeverityAxis,
  SubjectRole,
  Urgency,
} from '@lachan/proto/report';
import { describe, expect, it } from 'vitest';
import { validate } from '../../gateway/validate.js';
import {
  accepted,
  broken,
  good,
  RECEIVED_AT_MS,
  refused,
  reportOf,
  times,
  PICTURE,
  UNKNOWN,
  fingerprint,
  urlPlace,
  withFingerprint,
  withItem,
  withPlace,
  type Init,
} from '../support/reports.js';

const withSeverity = (axis: number, grade: string): Init => ({
  severities: [{ axis, grade, assessedBy: Assessor.PROVIDER }],
});

describe('the classification', () => {
  accepted([
    ['8 additional categories', { additionalCategories: [2, 3, 4, 5, 6, 7, 8, 9] }],
    ['32 keywords of 100 characters', { keywords: times(32, 'ữ'.repeat(100)) }],
    ['32 annotations', { annotations: times(32, 'x-dsa:KEYWORD_OTHER/1.0') }],
    ['COPINE 10', withSeverity(SeverityAxis.COPINE, '10')],
    [
      'the same axis by two assessors',
      {
        severities: [
          { axis: SeverityAxis.IWF, grade: 'A', assessedBy: Assessor.PROVIDER },
          { axis: SeverityAxis.IWF, grade: 'B', assessedBy: Assessor.HOTLINE },
        ],
      },
    ],
    ['imminent risk with its reason', { urgency: Urgency.IMMINENT_RISK, urgencyReason: 'tonight' }],
  ]);
  refused([
    ['a category nobody knows', { category: UNKNOWN }, 'category UNKNOWN_VALUE'],
    ['a negative category', { category: -1 }, 'category UNKNOWN_VALUE'],
    [
      '9 additional categories',
      { additionalCategories: [2, 3, 4, 5, 6, 7, 8, 9, 10] },
      'additional_categories TOO_MANY',
    ],
    [
      'an additional category nobody knows',
      { additionalCategories: [2, UNKNOWN] },
      'additional_categories[1] UNKNOWN_VALUE',
    ],
    [
      'an unspecified additional category',
      { additionalCategories: [0] },
      'additional_categories[0] REQUIRED',
    ],
    [
      'an additional category twice',
      { additionalCategories: [2, 3, 2] },
      'additional_categories[2] REPEATED',
    ],
    [
      'category among the additional ones',
      { additionalCategories: [2, 1] },
      'additional_categories[1] REPEATED',
    ],
    ['33 keywords', { keywords: times(33, 'a') }, 'keywords TOO_MANY'],
    ['a keyword of 101 characters', { keywords: ['a', 'a'.repeat(101)] }, 'keywords[1] LENGTH'],
    ['33 annotations', { annotations: times(33, 'a') }, 'annotations TOO_MANY'],
    ['an empty annotation', { annotations: [''] }, 'annotations[0] REQUIRED'],
    ['an annotation of 129 characters', { annotations: ['a'.repeat(129)] }, 'annotations[0] LENGTH'],
    ['an annotation with a space', { annotations: ['a b'] }, 'annotations[0] FORMAT'],
    [
      'an empty severity',
      { severities: [{}] },
      'severities[0].axis REQUIRED',
      'severities[0].assessed_by REQUIRED',
      'severities[0].grade REQUIRED',
    ],
    ['a grade of another axis', withSeverity(SeverityAxis.IWF, 'A1'), 'severities[0].grade UNKNOWN_VALUE'],
    ['COPINE 11', withSeverity(SeverityAxis.COPINE, '11'), 'severities[0].grade UNKNOWN_VALUE'],
    ['an axis nobody knows', withSeverity(UNKNOWN, 'A'), 'severities[0].axis UNKNOWN_VALUE'],
    [
      'an axis twice by one assessor',
      {
        severities: [
          { axis: SeverityAxis.IWF, grade: 'A', assessedBy: Assessor.PROVIDER },
          { axis: SeverityAxis.IWF, grade: 'B', assessedBy: Assessor.PROVIDER },
        ],
      },
      'severities[1] REPEATED',
    ],
    ['an urgency nobody knows', { urgency: UNKNOWN }, 'urgency UNKNOWN_VALUE'],
    ['imminent risk without its reason', { urgency: Urgency.IMMINENT_RISK }, 'urgency_reason REQUIRED'],
    ['a reason of 1,001 characters', { urgencyReason: 'a'.repeat(1001) }, 'urgency_reason LENGTH'],
  ]);
});

describe('a place', () => {
  const idPlace = { contentId: '1', serviceName: 'Demo' };
  accepted([
    ['16 locations', { locations: times(16, urlPlace) }],
    ['a URL of 8,192 bytes', withPlace({ url: `https://lachan-demo-1.vn/${'x.'.repeat(4083)}y` })],
    ['a letter with 30 combining marks', { serviceName: `a${'\u0301'.repeat(30)}` }],
    ["a content id under the report's service", { serviceName: 'Demo', locations: [{ contentId: '1' }] }],
    ['an IPv6 address', withPlace({ ...urlPlace, hostIp: '2001:db8::1' })],
    ['250 countries', { territorialScope: times(250, 'VN') }],
    ['a language with a script and a region', { contentLanguage: 'zh-Hant-TW' }],
  ]);
  refused([
    ['a channel nobody knows', { channel: UNKNOWN }, 'channel UNKNOWN_VALUE'],
    ['a service_name of 201 characters', { serviceName: 'a'.repeat(201) }, 'service_name LENGTH'],
    ['a service_name in two lines', { serviceName: 'a\nb' }, 'service_name FORMAT'],
    ['a letter with 31 combining marks', { serviceName: `a${'\u0301'.repeat(31)}` }, 'service_name FORMAT'],
    ['17 locations', { locations: times(17, urlPlace) }, 'locations TOO_MANY'],
    ['neither URL nor content id', withPlace({ hostIp: '192.0.2.1' }), 'locations[0] REQUIRED'],
    ['both URL and content id', withPlace({ ...urlPlace, ...idPlace }), 'locations[0] INCONSISTENT'],
    [
      'a service beside a URL',
      withPlace({ ...urlPlace, serviceName: 'Demo' }),
      'locations[0].service_name INCONSISTENT',
    ],
    ['a content id without a service', withPlace({ contentId: '1' }), 'locations[0].service_name REQUIRED'],
    [
      'a content id of 1,001 characters',
      withPlace({ ...idPlace, contentId: '1'.repeat(1001) }),
      'locations[0].content_id LENGTH',
    ],
    [
      'a service of 201 characters',
      withPlace({ ...idPlace, serviceName: '1'.repeat(201) }),
      'locations[0].service_name LENGTH',
    ],
    ['a URL that is none', withPlace({ url: 'lachan-demo-1.vn/x' }), 'locations[0].url FORMAT'],
    ['a URL of another scheme', withPlace({ url: 'ftp://lachan-demo-1.vn/x' }), 'locations[0].url FORMAT'],
    [
      'a URL of 8,193 bytes',
      withPlace({ url: `https://lachan-demo-1.vn/${'x.'.repeat(4084)}` }),
      'locations[0].url LENGTH',
    ],
    [
      'a URL whose characters take 8,193 bytes',
      withPlace({ url: `https://lachan-demo-1.vn/${'ă.'.repeat(2722)}xx` }),
      'locations[0].url LENGTH',
    ],
    [
      'a URL that carries a picture',
      withPlace({ url: `https://lachan-demo-1.vn/?p=${PICTURE}` }),
      'locations[0].url MEDIA',
    ],
    [
      'a host that is no address',
      withPlace({ ...urlPlace, hostIp: '192.0.2.256' }),
      'locations[0].host_ip FORMAT',
    ],
    [
      'an address with a zone',
      withPlace({ ...urlPlace, hostIp: 'fe80::1%eth0' }),
      'locations[0].host_ip FORMAT',
    ],
    [
      'an address with a port',
      withPlace({ ...urlPlace, hostIp: '192.0.2.1:80' }),
      'locations[0].host_ip FORMAT',
    ],
    ['251 countries', { territorialScope: times(251, 'VN') }, 'territorial_scope TOO_MANY'],
    ['a country in small letters', { territorialScope: ['VN', 'vn'] }, 'territorial_scope[1] FORMAT'],
    ['a country of three letters', { territorialScope: ['VNM'] }, 'territorial_scope[0] LENGTH'],
    ['an empty country', { territorialScope: [''] }, 'territorial_scope[0] REQUIRED'],
    ['a language that is none', { contentLanguage: 'vi_VN' }, 'content_language FORMAT'],
    ['a language that ends in a hyphen', { contentLanguage: 'vi-' }, 'content_language FORMAT'],
    ['a language of 36 characters', { contentLanguage: `x-${'a'.repeat(34)}` }, 'content_language LENGTH'],
  ]);

  it('is refused where canonicalisation has said nothing of its URL', () => {
    const report = reportOf(good);
    expect(validate(report, RECEIVED_AT_MS, []).map(({ field }) => field)).toEqual(['locations[0].url']);
  });
});

describe('an item', () => {
  accepted([
    ['64 items', { items: times(64, {}) }],
    ['the largest size', withItem({ sizeBytes: 2n ** 53n - 1n })],
    ['16 fingerprints', withItem({ fingerprints: times(16, fingerprint) })],
    [
      '4,096 characters of another algorithm',
      withFingerprint({ algorithm: FingerprintAlgorithm.OTHER, value: 'aB3/'.repeat(1024) }),
    ],
    ['padded base64', withFingerprint({ algorithm: FingerprintAlgorithm.PHOTODNA, value: 'aB3/aQ==' })],
    ['a quality of 100', withFingerprint({ quality: 100 })],
  ]);
  const sha256 = (value: string): Init => withFingerprint({ value });
  const other = (value: string): Init => withFingerprint({ algorithm: FingerprintAlgorithm.OTHER, value });
  const value = 'items[0].fingerprints[0].value';
  refused([
    ['65 items', { items: times(65, {}) }, 'items TOO_MANY'],
    [
      '9 content types',
      withItem({ contentTypes: times(9, ContentType.IMAGE) }),
      'items[0].content_types TOO_MANY',
    ],
    ['an unspecified content type', withItem({ contentTypes: [0] }), 'items[0].content_types[0] REQUIRED'],
    [
      'a content type nobody knows',
      { items: [{}, { contentTypes: [1, UNKNOWN] }] },
      'items[1].content_types[1] UNKNOWN_VALUE',
    ],
    ['a size of 2^53', withItem({ sizeBytes: 2n ** 53n }), 'items[0].size_bytes RANGE'],
    ['an uploader without address', withItem({ uploaderIp: 'somebody' }), 'items[0].uploader_ip FORMAT'],
    [
      '17 annotations',
      withItem({ annotations: times(17, 1) }),
      'items[0].annotations TOO_MANY',
      ...Array.from({ length: 15 }, (_, i) => `items[0].annotations[${i + 1}] REPEATED`),
    ],
    [
      'an annotation twice',
      withItem({ annotations: times(2, ItemAnnotation.VIRAL) }),
      'items[0].annotations[1] REPEATED',
    ],
    [
      'an annotation nobody knows',
      withItem({ annotations: [UNKNOWN] }),
      'items[0].annotations[0] UNKNOWN_VALUE',
    ],
    ['17 fingerprints', withItem({ fingerprints: times(17, fingerprint) }), 'items[0].fingerprints TOO_MANY'],
    [
      'an empty fingerprint',
      withItem({ fingerprints: [{}] }),
      'items[0].fingerprints[0].algorithm REQUIRED',
      `${value} REQUIRED`,
    ],
    [
      'an algorithm nobody knows',
      withFingerprint({ algorithm: UNKNOWN }),
      'items[0].fingerprints[0].algorithm UNKNOWN_VALUE',
    ],
    [
      'a basis nobody knows',
      withFingerprint({ basis: UNKNOWN }),
      'items[0].fingerprints[0].basis UNKNOWN_VALUE',
    ],
    ['a quality of 101', withFingerprint({ quality: 101 }), 'items[0].fingerprints[0].quality RANGE'],
    ['a digest that is too short', sha256('a'.repeat(63)), `${value} LENGTH`],
    ['a digest that is too long', sha256('a'.repeat(65)), `${value} LENGTH`],
    ['a digest that is not hexadecimal', sha256('g'.repeat(64)), `${value} FORMAT`],
    ['a short digest that is not hexadecimal', sha256('g'), `${value} LENGTH`, `${value} FORMAT`],
    ['a digest of 4,097 characters', other('a'.repeat(4097)), `${value} LENGTH`],
    ['a digest with another character', other('a b'), `${value} FORMAT`],
    ['base64 padded in the middle', other('ab==cd'), `${value} FORMAT`],
    ['base64 padded three times', other('a==='), `${value} FORMAT`],
    [
      'a picture in place of a digest',
      other(Buffer.from(`ffd8ffe0${'00'.repeat(500)}`, 'hex').toString('base64')),
      `${value} MEDIA`,
    ],
  ]);

  it.each([
    [FingerprintAlgorithm.MD5, 32],
    [FingerprintAlgorithm.SHA1, 40],
    [FingerprintAlgorithm.SHA256, 64],
    [FingerprintAlgorithm.PDQ, 64],
    [FingerprintAlgorithm.SHA512, 128],
  ])('has a digest of exactly the length of its algorithm: %i has %i digits', (algorithm, digits) => {
    for (const length of [digits - 1, digits, digits + 1]) {
      const change = withFingerprint({ algorithm, value: 'A'.repeat(length) });
      expect(broken({ ...good, ...change })).toEqual(length === digits ? [] : [`${value} LENGTH`]);
    }
  });
});

describe('how it was found and decided', () => {
  accepted([
    ['a confidence of 0', { confidence: 0 }],
    ['a confidence of 1', { confidence: 1 }],
    ['every kind of visibility', { decision: { visibility: [1, 2, 3, 4, 5, 6, 7] } }],
  ]);
  refused([
    ['a source nobody knows', { source: UNKNOWN }, 'source UNKNOWN_VALUE'],
    ['a detection_method nobody knows', { detectionMethod: UNKNOWN }, 'detection_method UNKNOWN_VALUE'],
    [
      'an automated_decision nobody knows',
      { automatedDecision: UNKNOWN },
      'automated_decision UNKNOWN_VALUE',
    ],
    ['a confidence above 1', { confidence: 1.0001 }, 'confidence RANGE'],
    ['a negative confidence', { confidence: -0.1 }, 'confidence RANGE'],
    ['a confidence that is not a number', { confidence: NaN }, 'confidence RANGE'],
    ['an infinite confidence', { confidence: Infinity }, 'confidence RANGE'],
    [
      'a visibility twice',
      { decision: { visibility: times(2, DecisionVisibility.REMOVED) } },
      'decision.visibility[1] REPEATED',
    ],
    [
      '9 visibilities',
      { decision: { visibility: [1, 2, 3, 4, 5, 6, 7, 1, 2] } },
      'decision.visibility TOO_MANY',
      'decision.visibility[7] REPEATED',
    ],
    ['an unspecified visibility', { decision: { visibility: [0] } }, 'decision.visibility[0] REQUIRED'],
    [
      'an account decision nobody knows',
      { decision: { account: UNKNOWN } },
      'decision.account UNKNOWN_VALUE',
    ],
    [
      'a monetary decision nobody knows',
      { decision: { monetary: UNKNOWN } },
      'decision.monetary UNKNOWN_VALUE',
    ],
    ['a provision nobody knows', { decision: { provision: UNKNOWN } }, 'decision.provision UNKNOWN_VALUE'],
    ['a ground nobody knows', { decision: { ground: UNKNOWN } }, 'decision.ground UNKNOWN_VALUE'],
    [
      'a legal reference of 501 characters',
      { decision: { legalReference: 'a'.repeat(501) } },
      'decision.legal_reference LENGTH',
    ],
  ]);
});

describe('what surrounds it', () => {
  const subject = { role: SubjectRole.REPORTED, account: 'a' };
  const ref = { system: ExternalSystem.NCMEC, id: '1' };
  const bundle = { id: 'b-1', incidentCount: 1 };
  accepted([
    ['64 subjects', { subjects: times(64, subject) }],
    ['16 references', { externalRefs: times(16, ref) }],
    ['a bundle of one', { bundle }],
    ['3,000 characters more in several lines', { additionalInfo: '👀ữ\r\n\t'.repeat(500) }],
  ]);
  refused([
    ['65 subjects', { subjects: times(65, subject) }, 'subjects TOO_MANY'],
    ['a subject without role', { subjects: [{ account: 'a' }] }, 'subjects[0].role REQUIRED'],
    ['a subject without account', { subjects: [subject, { role: 1 }] }, 'subjects[1].account REQUIRED'],
    [
      'an account of 1,001 characters',
      { subjects: [{ ...subject, account: 'a'.repeat(1001) }] },
      'subjects[0].account LENGTH',
    ],
    ['a role nobody knows', { subjects: [{ ...subject, role: UNKNOWN }] }, 'subjects[0].role UNKNOWN_VALUE'],
    [
      'an age band nobody knows',
      { subjects: [{ ...subject, ageBand: UNKNOWN }] },
      'subjects[0].age_band UNKNOWN_VALUE',
    ],
    ['a bundle without id', { bundle: { incidentCount: 1 } }, 'bundle.id REQUIRED'],
    ['a bundle id with a space', { bundle: { ...bundle, id: 'a b' } }, 'bundle.id FORMAT'],
    ['a bundle id of 129 characters', { bundle: { ...bundle, id: 'a'.repeat(129) } }, 'bundle.id LENGTH'],
    [
      'a bundle reason of 1,001 characters',
      { bundle: { ...bundle, reason: 'a'.repeat(1001) } },
      'bundle.reason LENGTH',
    ],
    ['a bundle of nothing', { bundle: { id: 'b' } }, 'bundle.incident_count RANGE'],
    ['17 references', { externalRefs: times(17, ref) }, 'external_refs TOO_MANY'],
    ['a reference without system', { externalRefs: [{ id: '1' }] }, 'external_refs[0].system REQUIRED'],
    [
      'a system nobody knows',
      { externalRefs: [{ ...ref, system: UNKNOWN }] },
      'external_refs[0].system UNKNOWN_VALUE',
    ],
    ['a reference without id', { externalRefs: [{ system: 1 }] }, 'external_refs[0].id REQUIRED'],
    [
      'a reference id of 201 characters',
      { externalRefs: [{ ...ref, id: 'a'.repeat(201) }] },
      'external_refs[0].id LENGTH',
    ],
    ['a reference id with a space', { externalRefs: [{ ...ref, id: 'a b' }] }, 'external_refs[0].id FORMAT'],
    ['additional_info of 3,001 characters', { additionalInfo: 'a'.repeat(3001) }, 'additional_info LENGTH'],
  ]);
});
