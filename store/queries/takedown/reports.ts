// Reports beside their cases: those that open none, and those of one provider.
import type { Figure } from '../figure.js';
import { days } from '../figure.js';
import { environmentParam } from './question.js';

export const reportsWithoutLocation: Figure = {
  help: 'Received reports (revision 0) that name no location and so open no case, among all received; with_fingerprints: of these, those that give a fingerprint.',
  params: { environment: environmentParam, days },
  single: true,
  answer: `
    SELECT {environment:String} AS environment, 'reports' AS counts,
      count() AS n, countIf(empty(location_keys)) AS without_location,
      countIf(empty(location_keys) AND notEmpty(fingerprint_algorithms)) AS with_fingerprints,
      if(n = 0, NULL, round(without_location / n, 6)) AS share
    FROM records
    WHERE environment = {environment:String} AND outcome = 'REPORT' AND kind = 'INITIAL' AND revision = 0
      AND received_at >= now64(3) - toIntervalDay({days:UInt32})`,
};

export const providerReports: Figure = {
  help: 'What one provider has sent so far, by outcome and kind; reports: revision 0 of kind INITIAL.',
  params: {
    environment: environmentParam,
    provider: { type: 'String', fallback: '', help: 'the id of the provider' },
  },
  single: true,
  answer: `
    SELECT {provider:String} AS provider_id, 'records' AS counts, sum(records) AS n,
      sumIf(records, outcome = 'REPORT' AND kind = 'INITIAL' AND first_revision) AS reports,
      sumIf(records, outcome = 'REPORT' AND kind = 'AMENDMENT') AS amendments,
      sumIf(records, outcome = 'REPORT' AND kind = 'RETRACTION') AS retractions,
      sumIf(records, outcome = 'REPORT' AND kind = 'ZERO_ATTESTATION') AS zero_attestations,
      sumIf(records, outcome = 'DUPLICATE') AS duplicates, sumIf(records, outcome = 'CONFLICT') AS conflicts,
      if(n = 0, '', formatDateTime(max(hour), '%Y-%m-%d %H:00', 'Asia/Ho_Chi_Minh')) AS period
    FROM record_totals AS totals
    WHERE totals.environment = {environment:String} AND totals.provider_id = {provider:String}`,
};
