// What claims were worth: how many were followed by a look that saw the content still up, and how long until it was down.
import type { Figure } from '../figure.js';
import { GROUPS } from './groups.js';
import { bandParam, cohortParams, environmentParam, readBand, readCohort, sliceParams } from './question.js';
import { heading, quantileCells, share } from './rows.js';
import { selectStays } from './stay-counts.js';

const GROUPED = GROUPS.filter((group) => group !== 'stage' && group !== 'rule');

export const falseClaims: Figure = {
  help: 'Claims of providers as known now: how many a later look found still up, and the time from the first claim of a cycle until it was seen down (Kaplan-Meier, open ones included).',
  params: {
    environment: environmentParam,
    ...cohortParams,
    ...sliceParams('addressee', GROUPED),
    band: bandParam,
  },
  single: false,
  answer: async (select, params, nowMs) => {
    const question = {
      ...{ ...readCohort(params, nowMs), clock: 'claim_to_verified' as const, limitsMs: [] },
      tallies: ['claims', 'false_claims'] as const,
    };
    const groups = await selectStays(select, question);
    return groups.map((group) => {
      const [claims = 0, disputed = 0] = group.tallies;
      return {
        ...heading(question, group),
        ...{ claims, false_claims: disputed, false_share: share(disputed, claims) },
        ...quantileCells(group, readBand(params)),
      };
    });
  },
};
