import type { SyncStatus } from '#shared/host/sync.ts';
import { explainError } from '../../app/explain.ts';

/** What went wrong last with the server, in the reader's language. */
export function explainTrouble({ code, message }: NonNullable<SyncStatus['lastError']>): string {
  return explainError(Object.assign(new Error(message), { code }));
}
