// An endless stream of invented reports with the shape of real ones. They accuse nobody: hosts under .example and
// invented .vn names, addresses set aside for documentation.
import {
  at,
  Category,
  DetectionMethod,
  FingerprintAlgorithm,
  Precision,
  Source,
  type ReportInit,
} from '@lachan/sdk';
import type { Distributions } from './distributions.js';
import { weighted, type Random } from './random.js';

/** What a report was made to be; what it turns out to be is for the receipts and the counts to say. */
export type Intent = 'NEW' | 'DUPLICATE' | 'CONFLICT' | 'INVALID';

export interface Invented {
  readonly provider: number;
  readonly intent: Intent;
  readonly report: ReportInit;
}

const CONFLICT_SHARE = 0.002;
const INVALID_SHARE = 0.001;
/** Reports that a later one may repeat. */
const MEMORY = 2_000;
const HOUR_MS = 3_600_000;
/** One host in this many is Vietnamese. */
const VN_EVERY = 3;

const METHODS: readonly DetectionMethod[] = [
  DetectionMethod.HASH_EXACT,
  DetectionMethod.HASH_PERCEPTUAL,
  DetectionMethod.CLASSIFIER,
  DetectionMethod.USER_REPORT,
  DetectionMethod.MANUAL_REVIEW,
];
const METHOD_WEIGHTS = [60, 20, 10, 7, 3];

export function* inventReports(
  distributions: Distributions,
  random: Random,
  nowMs: () => number,
): Generator<Invented, never> {
  const drawProvider = weighted(distributions.providerWeights);
  const drawCategory = weighted(distributions.categories.map(({ weight }) => weight));
  const drawMethod = weighted(METHOD_WEIGHTS);
  const memory: { readonly provider: number; readonly report: ReportInit }[] = [];

  for (let number = 1; ; number += 1) {
    const dice = random();
    const earlier = memory[Math.floor(random() * memory.length)];
    if (earlier !== undefined && dice < distributions.duplicateShare) {
      yield { ...earlier, intent: 'DUPLICATE' };
      continue;
    }
    if (earlier !== undefined && dice < distributions.duplicateShare + CONFLICT_SHARE) {
      const report = { ...earlier.report, additionalInfo: `Thông tin bổ sung ${number}` };
      yield { provider: earlier.provider, intent: 'CONFLICT', report };
      continue;
    }
    const provider = drawProvider(random);
    const visit = distributions.visits[Math.floor(random() * distributions.visits.length)] ?? {
      host: 0,
      page: 0,
    };
    const valid = dice < 1 - INVALID_SHARE;
    const report: ReportInit = {
      reportId: `demo-${number}`,
      category: distributions.categories[drawCategory(random)]?.category ?? Category.OTHER,
      locations: [{ url: urlOf(visit, number), hostIp: `198.51.100.${visit.host % 256}` }],
      detectedAt: at(nowMs() - Math.floor(random() * HOUR_MS), Precision.SECOND),
      detectionMethod: METHODS[drawMethod(random)] ?? DetectionMethod.OTHER,
      source: Source.OWN_INITIATIVE,
      items: [
        {
          fingerprints: [
            { algorithm: FingerprintAlgorithm.MD5, value: valid ? md5Like(random) : 'not a digest' },
          ],
        },
      ],
    };
    yield { provider, intent: valid ? 'NEW' : 'INVALID', report };
    if (valid) memory[number % MEMORY] = { provider, report };
  }
}

function urlOf({ host, page }: { readonly host: number; readonly page: number }, number: number): string {
  const name = host % VN_EVERY === 0 ? `lachan-demo-${host}.vn` : `host-${host}.example`;
  return `https://${name}/p${page}?n=${number}`;
}

function md5Like(random: Random): string {
  let digits = '';
  for (let i = 0; i < 4; i += 1)
    digits += Math.floor(random() * 4_294_967_296)
      .toString(16)
      .padStart(8, '0');
  return digits;
}
