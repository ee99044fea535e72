import { HostError } from '#shared/host/errors.ts';

export type SyncErrorCode =
  | 'sync.offline'
  | 'sync.needsLogin'
  | 'sync.wrongPassword'
  | 'sync.wrongCode'
  | 'sync.throttled'
  | 'sync.otherVersion'
  | 'sync.otherEpoch'
  | 'sync.clonedDevice'
  | 'sync.deviceRevoked'
  | 'sync.captivePortal'
  | 'sync.untrustedCertificate'
  | 'sync.notAServer'
  | 'sync.serverFault'
  | 'sync.refusedRequest'
  | 'sync.badAnswer'
  | 'sync.cutOff'
  | 'sync.damagedSegment'
  | 'sync.demo'
  | 'sync.notRefused'
  | 'sync.malformedFact';

/** Why the server could not be spoken to. No code means that anything was lost. */
export class SyncError extends HostError {
  /** Milliseconds the server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(code: SyncErrorCode, message: string, detail: HostError['detail'] = {}, retryAfterMs?: number) {
    super(code, message, detail);
    this.name = 'SyncError';
    this.retryAfterMs = retryAfterMs;
  }
}

export const offline = (): SyncError =>
  new SyncError(
    'sync.offline',
    'The server cannot be reached. Everything is kept here and sent when it can be.',
  );

export const cutOff = (): SyncError =>
  new SyncError(
    'sync.cutOff',
    "The server's answer was cut off. Nothing of it was applied; it is asked again.",
  );

export const badAnswer = (what: string): SyncError =>
  new SyncError(
    'sync.badAnswer',
    `The server answered something that Faultline does not understand (${what}).`,
    { what },
  );

/** @param serverCode why the server takes the login no more, where it has said so. */
export const needsLogin = (serverCode?: unknown): SyncError =>
  new SyncError(
    'sync.needsLogin',
    'The login at the server has expired. Log in again; everything is kept until then.',
    typeof serverCode === 'string' ? { serverCode } : {},
  );

/** `status` and, for a redirect, where to: never a whole address, which may name a person. */
export const captivePortal = (detail: { status: number; towards?: string }): SyncError =>
  new SyncError(
    'sync.captivePortal',
    'Something between here and the server answers in its place: the sign-in page of a network, or a proxy. Open a web page to sign in there; everything is kept here.',
    detail,
  );
