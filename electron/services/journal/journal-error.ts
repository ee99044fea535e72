import { HostError } from '#shared/host/errors.ts';

export type JournalErrorCode =
  | 'journal.diskFull'
  | 'journal.locked'
  | 'journal.lostLock'
  | 'journal.closed'
  | 'journal.failed'
  | 'journal.tooLarge';

/** Why the journal could not do something. Whatever the code: what was acknowledged before is safe. */
export class JournalError extends HostError {
  constructor(code: JournalErrorCode, message: string, detail: HostError['detail'] = {}) {
    super(code, message, detail);
    this.name = 'JournalError';
  }
}

/** True for the errors of a file system that has no room left. */
export function isDiskFull(thrown: unknown): boolean {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
