import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack, durationMs } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@lachan/proto/error-details';
import { Rule } from '@lachan/proto/report-service';
import { StatusSchema } from '@lachan/proto/status';
import { describe, expect, it } from 'vitest';
import { toStatus, type Refusal } from '../../gateway/refusal.js';

/** Codes of gRPC, as its specification numbers them. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const broken = (field: string) => ({
  field,
  rule: Rule.REQUIRED,
  message: 'Must be given.',
  retryable: false,
});

function told(refusal: Refusal) {
  const { code, details, metadata } = toStatus(refusal);
  const [raw] = metadata.get('grpc-status-details-bin');
  if (raw === undefined || typeof raw === 'string') throw new Error('no details');
  const rich = fromBinary(StatusSchema, raw);
  const info = rich.details.map((any) => anyUnpack(any, ErrorInfoSchema)).find((one) => one !== undefined);
  const retry = rich.details.map((any) => anyUnpack(any, RetryInfoSchema)).find((one) => one !== undefined);
  const bad = rich.details.map((any) => anyUnpack(any, BadRequestSchema)).find((one) => one !== undefined);
  expect(rich).toMatchObject({ code, message: details });
  return {
    code,
    details,
    reason: info?.reason,
    domain: info?.domain,
    retryAfterMs: retry?.retryDelay && durationMs(retry.retryDelay),
    violations: bad?.fieldViolations,
    bytes: raw.length,
  };
}

describe('a refused call', () => {
  it.each<[Refusal, number, string, number | undefined]>([
    [{ kind: 'unauthenticated' }, UNAUTHENTICATED, 'CREDENTIAL_NOT_VALID', undefined],
    [
      { kind: 'invalid', violations: [broken('report_id')] },
      INVALID_ARGUMENT,
      'REQUEST_NOT_VALID',
      undefined,
    ],
    [{ kind: 'not-found' }, NOT_FOUND, 'NOTHING_LANDED', undefined],
    [{ kind: 'no-case' }, NOT_FOUND, 'NO_CASE', undefined],
    [{ kind: 'wait', retryAfterMs: 1_500, message: 'Later.' }, RESOURCE_EXHAUSTED, 'WAIT', 1_500],
    [{ kind: 'unavailable', retryAfterMs: 2_500, message: 'Later.' }, UNAVAILABLE, 'UNAVAILABLE', 2_500],
    [{ kind: 'shutting-down' }, UNAVAILABLE, 'SHUTTING_DOWN', 1_000],
    [{ kind: 'too-many-streams' }, RESOURCE_EXHAUSTED, 'TOO_MANY_STREAMS', 1_000],
    [{ kind: 'fault' }, INTERNAL, 'FAULT', undefined],
  ])('$kind has its code, its reason and the time to wait', (refusal, code, reason, retryAfterMs) => {
    expect(told(refusal)).toMatchObject({ code, reason, domain: 'lachan', retryAfterMs });
    expect(told(refusal).details).not.toBe('');
  });

  it('names the fields, the rules and what they ask for', () => {
    const { violations } = told({ kind: 'invalid', violations: [broken('report_id'), broken('reports')] });
    expect(violations).toMatchObject([
      { field: 'report_id', reason: 'REQUIRED', description: 'Must be given.' },
      { field: 'reports', reason: 'REQUIRED', description: 'Must be given.' },
    ]);
  });

  it('says what it has to in the 8 KiB of headers that callers usually take, however much is wrong', () => {
    const violations = Array.from({ length: 101 }, (_, i) => ({
      ...broken(`reports#${536_870_911 - i}`),
      message: 'x'.repeat(120),
    }));
    const { bytes, violations: named } = told({ kind: 'invalid', violations });
    // Headers carry bytes as base64.
    expect((bytes * 4) / 3).toBeLessThan(8_192);
    expect(named?.length).toBeGreaterThan(0);
  });
});
