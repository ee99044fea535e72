import type { RefreshAnswer, RefreshRequest } from '#shared/sync/protocol.ts';

/** What opens the server's routes, and how the next one is got. */
export interface Tokens {
  /** `undefined` before a login, and after the server has ended it. */
  readonly token: string | undefined;
  /** The token ends within the minute, and another can be got. */
  readonly isDue: boolean;
  /**
   * Gets the next pair and keeps it. Calls that come together share one request.
   * @param spent the token that does not open any more; when there is another one already, that is enough.
   * @throws SyncError `sync.needsLogin` when none can be got without a person.
   */
  renew(spent: string | undefined, ask: (request: RefreshRequest) => Promise<RefreshAnswer>): Promise<void>;
}
