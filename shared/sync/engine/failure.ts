/**
 * Why something the engine asked for did not come about, by what has to follow from it:
 * - `offline`: the server cannot be reached, is overloaded, or its answer made no sense; the same again after a pause
 * - `fault`: the server answers, and failed at this request by a fault of its own (500); the same again after a pause
 * - `captive`, `certificate`: something between answers in the server's place; the same again, and a person is told
 * - `needsLogin`: 401; one refresh, then a person
 * - `otherVersion`: 426; pulling stops, sending never does
 * - `otherEpoch`: the server's history is another one; nothing was judged
 * - `cloned`: another laptop goes on from this one's identity
 * - `revoked`: the office has revoked this device
 * - `unreadable`: the request itself is at fault, so the same again would not help
 * - `here`: this computer is at fault (its disk is full)
 */
export type FailureKind =
  | 'offline'
  | 'fault'
  | 'captive'
  | 'certificate'
  | 'needsLogin'
  | 'otherVersion'
  | 'otherEpoch'
  | 'cloned'
  | 'revoked'
  | 'unreadable'
  | 'here';

export interface Failure {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
  /** The server's epoch, told by `otherEpoch`. */
  readonly epoch?: string | undefined;
}

const KINDS: Readonly<Record<string, FailureKind>> = {
  'sync.captivePortal': 'captive',
  'sync.untrustedCertificate': 'certificate',
  'sync.needsLogin': 'needsLogin',
  'auth.reused': 'needsLogin',
  'sync.otherVersion': 'otherVersion',
  'sync.otherEpoch': 'otherEpoch',
  'sync.clonedDevice': 'cloned',
  'sync.deviceRevoked': 'revoked',
  'auth.deviceRevoked': 'revoked',
  'sync.refusedRequest': 'unreadable',
};

/** What an error code of the server's client means to the engine. Codes of other parts are this computer's own trouble. */
export function failureKindOf(code: string): FailureKind {
  return KINDS[code] ?? (code.startsWith('sync.') ? 'offline' : 'here');
}
