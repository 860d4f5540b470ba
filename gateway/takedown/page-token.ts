// Where a list of cases goes on, as text that only we read, bound to the question it belongs to.
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { CaseFilter, CasePlace } from '../../store/queries/case-lists.js';

const CHECK_DIGITS = 12;
const TOKEN = /^(\d{1,16})\.(\d{1,15})\.([0-9a-f-]{36})\.([0-9a-f]{12})$/;

export function writePageToken(environment: string, filter: CaseFilter, place: CasePlace): string {
  const { dueMs, openedMs, locationKey } = place;
  const body = `${dueMs}.${openedMs}.${locationKey}`;
  return Buffer.from(`${body}.${checkOf(environment, filter, body)}`).toString('base64url');
}

/** Undefined for what is no token, or one of another question. */
export function readPageToken(environment: string, filter: CaseFilter, token: string): CasePlace | undefined {
  const parts = TOKEN.exec(Buffer.from(token, 'base64url').toString('latin1'));
  const [, due = '', opened = '', locationKey = '', check] = parts ?? [];
  if (check !== checkOf(environment, filter, `${due}.${opened}.${locationKey}`)) return undefined;
  return { dueMs: Number(due), openedMs: Number(opened), locationKey };
}

function checkOf(environment: string, filter: CaseFilter, body: string): string {
  const { stage, status, owner, addressee, category, isDue } = filter;
  const question = [environment, stage, status, owner, addressee, category, isDue, body];
  return hash('sha256', JSON.stringify(question), 'hex').slice(0, CHECK_DIGITS);
}
