import { captivePortal, SyncError, type SyncErrorCode } from './sync-error.ts';

/** What a refusing server said: a problem (RFC 9457), or `{code, message}` of a server of protocol 1. */
export interface Refusal {
  readonly status: number;
  /** Of the body; `undefined` when it is no JSON of ours. */
  readonly body: { readonly [key: string]: unknown } | undefined;
  readonly retryAfterMs: number | undefined;
}

/** Codes of the server that mean the same whatever the status is. */
const BY_CODE: Readonly<Record<string, SyncErrorCode>> = {
  'auth.wrongPassword': 'sync.wrongPassword',
  'auth.wrongCode': 'sync.wrongCode',
  // Typed before the browser was done, or too late.
  'auth.signInUnfinished': 'sync.wrongCode',
  'auth.noSignIn': 'sync.wrongCode',
  'auth.throttled': 'sync.throttled',
  'auth.wrongDevice': 'sync.needsLogin',
  'auth.deviceRevoked': 'sync.deviceRevoked',
  'sync.otherVersion': 'sync.otherVersion',
  'sync.otherEpoch': 'sync.otherEpoch',
  'sync.clonedDevice': 'sync.clonedDevice',
};

/** Network authentication required (RFC 6585): what a sign-in page of a network is meant to say. */
const PORTAL_STATUS = 511;

/**
 * The error that a status other than 2xx stands for. An answer that is not our server's says nothing about what was sent: it
 * never counts as a refusal, and never ends a login.
 */
export function errorOfResponse({ status, body, retryAfterMs }: Refusal): SyncError {
  const code = textOf(body, 'code') ?? '';
  const message = textOf(body, 'detail') ?? textOf(body, 'message') ?? `The server answered ${status}.`;
  const epoch = textOf(body, 'epoch');
  const detail = { status, serverCode: code, ...(epoch !== undefined && { epoch }) };
  const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (known !== undefined) return new SyncError(known, message, detail, retryAfterMs);
  if (status === PORTAL_STATUS) return captivePortal({ status });
  if (status === 408 || status === 429 || status >= 500)
    return new SyncError('sync.serverFault', message, detail, retryAfterMs);
  if (status === 426) return new SyncError('sync.otherVersion', message, detail);
  if (body === undefined) return captivePortal({ status });
  if (status === 401) return new SyncError('sync.needsLogin', message, detail);
  return new SyncError('sync.refusedRequest', message, detail, retryAfterMs);
}

/** Milliseconds of a `Retry-After` in seconds; a date in it is passed over, the laptop's clock may be off. */
export function retryAfterOf(headers: Headers): number | undefined {
  const seconds = Number(headers.get('retry-after'));
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

function textOf(body: Refusal['body'], key: string): string | undefined {
  const value = body?.[key];
  return typeof value === 'string' && value !== '' ? value.slice(0, 1000) : undefined;
}
