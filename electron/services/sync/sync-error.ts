import { HostError } from '#shared/host/errors.ts';

export type SyncErrorCode =
  | 'sync.offline'
  | 'sync.needsLogin'
  | 'sync.wrongPassword'
  | 'sync.otherVersion'
  | 'sync.otherEpoch'
  | 'sync.notAServer'
  | 'sync.serverFault'
  | 'sync.refusedRequest'
  | 'sync.badAnswer'
  | 'sync.cutOff'
  | 'sync.damagedSegment'
  | 'sync.demo'
  | 'sync.notRefused';

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

/** The error that a status other than 2xx stands for. */
export async function errorOfResponse(response: Response): Promise<SyncError> {
  const said = (await response.json().catch(() => undefined)) as
    | { code?: unknown; message?: unknown }
    | undefined;
  const code = typeof said?.code === 'string' ? said.code : '';
  const message =
    typeof said?.message === 'string' ? said.message : `The server answered ${response.status}.`;
  const detail = { status: response.status, serverCode: code };
  if (code === 'auth.wrongPassword') return new SyncError('sync.wrongPassword', message, detail);
  if (response.status === 401 || code === 'auth.wrongDevice')
    return new SyncError('sync.needsLogin', message, detail);
  if (response.status === 426) return new SyncError('sync.otherVersion', message, detail);
  if (response.status === 408 || response.status === 429 || response.status >= 500) {
    const seconds = Number(response.headers.get('retry-after'));
    return new SyncError('sync.serverFault', message, detail, seconds > 0 ? seconds * 1000 : undefined);
  }
  return new SyncError('sync.refusedRequest', message, detail);
}
