import { type Failure, failureKindOf } from '#shared/sync/engine/failure.ts';
import { SyncError } from './sync-error.ts';

/** What was thrown, as the engine's core understands it. */
export function failureOf(thrown: unknown): Failure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const said = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  const code = typeof said === 'string' ? said : 'host.internal';
  if (!(thrown instanceof SyncError)) return { kind: 'here', code, message };
  const { epoch } = thrown.detail;
  return {
    kind: failureKindOf(code),
    code,
    message,
    retryAfterMs: thrown.retryAfterMs,
    ...(typeof epoch === 'string' && { epoch }),
  };
}
