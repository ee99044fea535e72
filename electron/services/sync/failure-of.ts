import { type Failure, failureKindOf } from '#shared/sync/engine/failure.ts';
import { SyncError } from './sync-error.ts';

/** Why the server takes a login no more: other words than "expired" are due. */
const ENDED: ReadonlySet<unknown> = new Set([
  'auth.badSignature',
  'auth.disabled',
  'auth.ended',
  'auth.reused',
]);

/** What was thrown, as the engine's core understands it. */
export function failureOf(thrown: unknown): Failure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const said = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  const code = typeof said === 'string' ? said : 'host.internal';
  if (!(thrown instanceof SyncError)) return { kind: 'here', code, message };
  const { epoch, serverCode, status } = thrown.detail;
  return {
    // Not busy, not away: it failed at what it was asked.
    kind: code === 'sync.serverFault' && status === 500 ? 'fault' : failureKindOf(code),
    // Of all that ends a login people are told why: a copied folder and a changed password want different things of them.
    code: code === 'sync.needsLogin' && ENDED.has(serverCode) ? String(serverCode) : code,
    message,
    retryAfterMs: thrown.retryAfterMs,
    ...(typeof epoch === 'string' && { epoch }),
  };
}
