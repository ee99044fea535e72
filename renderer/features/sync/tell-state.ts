import type { TFunction } from 'i18next';
import type { SyncStatus } from '#shared/host/sync.ts';

/**
 * How the connection stands, in a few words. Whoever is still fetching the workspace for the first time is not told that
 * all is well, and whose login ended because of the server is told so.
 * @param since as the place that shows it writes instants.
 */
export function tellState(status: SyncStatus | undefined, since: string | undefined, t: TFunction): string {
  if (status?.state === 'needsLogin' && status.loginReason !== undefined)
    return t(`sync.loginReason.${status.loginReason}`);
  const transfer = status?.transfer;
  const isConnected = status?.state === 'online' || status?.state === 'syncing';
  if (isConnected && transfer?.kind === 'bootstrap' && transfer.totalBytes > 0) {
    const percent = Math.min(99, Math.floor((transfer.doneBytes / transfer.totalBytes) * 100));
    return t('sync.fetching', { percent });
  }
  return t(`sync.state.${status?.state ?? 'offline'}`, { since });
}
