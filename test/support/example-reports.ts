// Good reports of five fields for tests that send them, and whatever a test wants to be otherwise.
import { create } from '@bufbuild/protobuf';
import { Category, DetectionMethod, ReportSchema, type Report } from '@lachan/proto/report';
import { at, type ReportInit } from '@lachan/sdk';

/** Fields of a report as a platform gives them. */
export type Fields = Exclude<ReportInit, Report>;

/** 2026-10-01T08:00:00Z, in milliseconds. */
export const DETECTED_MS = Date.UTC(2026, 9, 1, 8);

export function example(reportId: string, change: Fields = {}): Fields {
  return {
    reportId,
    category: Category.CSAM,
    locations: [{ url: `https://lachan-demo-1.vn/${reportId}` }],
    detectedAt: at(DETECTED_MS),
    detectionMethod: DetectionMethod.HASH_EXACT,
    ...change,
  };
}

/** The same as a message of the wire. */
export function exampleMessage(reportId: string, change: Fields = {}): Report {
  return create(ReportSchema, example(reportId, change));
}

/** `count` messages, `name-0` and on. */
export function exampleMessages(name: string, count: number): Report[] {
  return Array.from({ length: count }, (_, i) => exampleMessage(`${name}-${i}`));
}
