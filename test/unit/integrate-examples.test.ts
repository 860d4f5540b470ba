import { readFileSync } from 'node:fs';
import { fromJsonString, type DescMessage } from '@bufbuild/protobuf';
import {
  GetReportRequestSchema,
  SubmitReportsRequestSchema,
  WatchOutcomesRequestSchema,
} from '@lachan/proto/report-service';
import {
  GetCaseRequestSchema,
  SubmitActionsRequestSchema,
  WatchNoticesRequestSchema,
} from '@lachan/proto/takedown-service';
import { describe, expect, it } from 'vitest';

const integrate = readFileSync(new URL('../../docs/integrate.md', import.meta.url), 'utf8');
const REQUESTS: Readonly<Record<string, DescMessage>> = {
  'ReportService/SubmitReports': SubmitReportsRequestSchema,
  'ReportService/GetReport': GetReportRequestSchema,
  'ReportService/WatchOutcomes': WatchOutcomesRequestSchema,
  'TakedownService/SubmitActions': SubmitActionsRequestSchema,
  'TakedownService/WatchNotices': WatchNoticesRequestSchema,
  'TakedownService/GetCase': GetCaseRequestSchema,
};

/** Every call by grpcurl: the method, and the message it sends. */
const calls = Array.from(
  integrate.matchAll(
    /-d (?:'([^']*)'|@)[\s\\]+127\.0\.0\.1:50051 lachan\.v1\.(\S+)(?: <<'END'\n([^]*?)\nEND)?/g,
  ),
  ([, inLine = '', method = '', below]): [string, string] => [method, below ?? inLine],
);

describe('the examples of docs/integrate.md', () => {
  it('call what a provider may call', () => {
    expect(calls.map(([method]) => method)).toEqual([
      'ReportService/SubmitReports',
      'ReportService/GetReport',
      'TakedownService/WatchNotices',
      'TakedownService/SubmitActions',
      'TakedownService/GetCase',
    ]);
  });

  it.each(calls)('send %s a message of the contract', (method, json) => {
    const schema = REQUESTS[method];
    if (schema === undefined) throw new Error('no such method');
    expect(() => fromJsonString(schema, json)).not.toThrow();
  });
});
