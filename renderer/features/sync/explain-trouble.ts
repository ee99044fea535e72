import type { SyncStatus } from '#shared/host/sync.ts';
import { explainError } from '../../app/explain.ts';

type Trouble = NonNullable<SyncStatus['lastError']>;

const OTHER_VERSION: Trouble = { code: 'sync.otherVersion', message: '' };
const RESTORED: Trouble = { code: 'sync.loginRestored', message: '' };

/** What a reader has to know of now: where more is known than the last error of a request says, that. */
export function troubleOf({ state, loginReason, lastError }: SyncStatus): Trouble | null {
  // It stays until somebody updates, whatever else went wrong since.
  if (state === 'otherVersion') return OTHER_VERSION;
  if (state === 'needsLogin' && loginReason === 'restored') return RESTORED;
  return lastError;
}

/** What went wrong with the server, in the reader's language. */
export function explainTrouble({ code, message }: Trouble): string {
  return explainError(Object.assign(new Error(message), { code }));
}
