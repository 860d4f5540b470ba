// The same bell has the same id wherever it is rung, so that it lands once.
import { createHash } from 'node:crypto';
import type { CaseKey, Notification } from './case.js';

/** 32 hexadecimal digits of SHA-256 over (case, cycle, addressee, rule version, kind, n). */
export function notificationId(key: CaseKey, { type, cycle, addressee, rule, n }: Notification): string {
  const parts = [key.environment, key.locationKey, cycle, addressee, rule, type, n];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
