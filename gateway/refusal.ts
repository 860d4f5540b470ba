// The one place where a refusal becomes a gRPC status. Callers get a code, the fields and what to do; never a cause.
import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { Metadata, status } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '@lachan/proto/error-details';
import { Rule } from '@lachan/proto/report-service';
import { StatusSchema } from '@lachan/proto/status';
import type { Violation } from './violation.js';

/** Why a whole call is refused. */
export type Refusal =
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'no-case' }
  | { readonly kind: 'unknown-service' }
  | { readonly kind: 'wait'; readonly retryAfterMs: number; readonly message: string }
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number; readonly message: string }
  | { readonly kind: 'shutting-down' }
  | { readonly kind: 'too-many-streams' }
  | { readonly kind: 'fault' };

export interface StatusObject {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

const DOMAIN = 'lachan';
const RETRY_AFTER_SHUTDOWN_MS = 1_000;
/** The details travel in a header, and many callers take no more than 8 KiB of those. */
const MAX_VIOLATIONS_TOLD = 20;

export function toStatus(refusal: Refusal): StatusObject {
  switch (refusal.kind) {
    case 'unauthenticated':
      return statusOf(
        status.UNAUTHENTICATED,
        'CREDENTIAL_NOT_VALID',
        'Send the metadata "authorization: Bearer TOKEN" with a token that is valid here.',
      );
    case 'invalid':
      return statusOf(status.INVALID_ARGUMENT, 'REQUEST_NOT_VALID', 'The request breaks the contract.', {
        violations: refusal.violations,
      });
    case 'not-found':
      return statusOf(status.NOT_FOUND, 'NOTHING_LANDED', 'Nothing has landed under this report_id (yet).');
    case 'no-case':
      return statusOf(status.NOT_FOUND, 'NO_CASE', 'No case that concerns the caller is known there (yet).');
    case 'unknown-service':
      return statusOf(status.NOT_FOUND, 'UNKNOWN_SERVICE', 'No service of that name is served here.');
    case 'wait':
      return statusOf(status.RESOURCE_EXHAUSTED, 'WAIT', refusal.message, {
        retryAfterMs: refusal.retryAfterMs,
      });
    case 'unavailable':
      return statusOf(status.UNAVAILABLE, 'UNAVAILABLE', refusal.message, {
        retryAfterMs: refusal.retryAfterMs,
      });
    case 'shutting-down':
      return statusOf(status.UNAVAILABLE, 'SHUTTING_DOWN', 'This gateway is shutting down; send again.', {
        retryAfterMs: RETRY_AFTER_SHUTDOWN_MS,
      });
    case 'too-many-streams':
      return statusOf(
        status.RESOURCE_EXHAUSTED,
        'TOO_MANY_STREAMS',
        'Too many streams are open; use those there are, or close some.',
        { retryAfterMs: RETRY_AFTER_SHUTDOWN_MS },
      );
    case 'fault':
      return statusOf(status.INTERNAL, 'FAULT', 'Internal error; nothing of this request was acknowledged.');
  }
}

function statusOf(
  code: status,
  reason: string,
  message: string,
  extra: { readonly violations?: readonly Violation[]; readonly retryAfterMs?: number } = {},
): StatusObject {
  const details = [
    anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain: DOMAIN })),
    ...(extra.violations === undefined
      ? []
      : [
          anyPack(
            BadRequestSchema,
            create(BadRequestSchema, {
              fieldViolations: extra.violations
                .slice(0, MAX_VIOLATIONS_TOLD)
                .map(({ field, rule, message: description }) => ({
                  field,
                  description,
                  reason: Rule[rule],
                })),
            }),
          ),
        ]),
    ...(extra.retryAfterMs === undefined
      ? []
      : [
          anyPack(
            RetryInfoSchema,
            create(RetryInfoSchema, { retryDelay: durationFromMs(extra.retryAfterMs) }),
          ),
        ]),
  ];
  const metadata = new Metadata();
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details }))),
  );
  return { code, details: message, metadata };
}
