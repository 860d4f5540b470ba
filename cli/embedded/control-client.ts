// Operations performed by the running `start`, asked for over loopback.
import { OperationRefusal } from '../operation-refusal.js';
import type { Operations } from '../operations.js';
import type { OperationName } from './control-protocol.js';
import type { Running } from './running.js';

const LONGEST_MS = 600_000;

/** Whether the process answers as the one that wrote the file: process ids are used again. */
export async function answers(running: Running): Promise<boolean> {
  try {
    const response = await fetch(`${running.http}/operations/listProviders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.token}` },
      body: '[]',
      signal: AbortSignal.timeout(5_000),
    });
    return response.ok;
  } catch {
    return false;
  }
}

export function remoteOperations(running: Running): Operations {
  // The other side is the same program and answers with what the operation's type says.
  const ask = async <T>(name: OperationName, ...args: readonly unknown[]): Promise<T> => {
    const response = await fetch(`${running.http}/operations/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.token}` },
      body: JSON.stringify(args),
      signal: AbortSignal.timeout(LONGEST_MS),
    });
    const body = (await response.json()) as { readonly result?: T; readonly error?: string };
    if (response.status === 400) throw new OperationRefusal(body.error ?? 'refused');
    if (!response.ok) throw new Error(`the running lachan says: ${body.error ?? response.statusText}`);
    return body.result as T;
  };
  return {
    addProvider: (name, environment) => ask('addProvider', name, environment),
    listProviders: () => ask('listProviders'),
    revokeProvider: (which) => ask('revokeProvider', which),
    addOperator: (name, environment, role, mayImport) =>
      ask('addOperator', name, environment, role, mayImport),
    listOperators: () => ask('listOperators'),
    revokeOperator: (which) => ask('revokeOperator', which),
    own: (providerId, holdings) => ask('own', providerId, holdings),
    disown: (providerId, holdings) => ask('disown', providerId, holdings),
    setNoticeKey: (providerId, pem) => ask('setNoticeKey', providerId, pem),
    listHoldings: (providerId) =>
      providerId === undefined ? ask('listHoldings') : ask('listHoldings', providerId),
    figure: (name, params, waitMs) => ask('figure', name, params, waitMs),
    audit: () => ask('audit'),
    migrate: () => ask('migrate'),
    sealed: (authorityReportId) => ask('sealed', authorityReportId),
    sealedEvents: (locationKey) => ask('sealedEvents', locationKey),
    deadLetters: (filter, limit) => ask('deadLetters', filter, limit),
    deadLetter: (id) => ask('deadLetter', id),
    replayDeadLetters: (request, most) => ask('replayDeadLetters', request, most),
    logRecords: () => ask('logRecords'),
  };
}
