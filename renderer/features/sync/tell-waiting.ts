import type { SyncStatus } from '#shared/host/sync.ts';

/** What a fact or an attachment waits for, as the connection stands. */
export function tellWaiting(
  status: Pick<SyncStatus, 'state' | 'offlineByChoice'> | undefined,
  t: (key: string, values?: Record<string, unknown>) => string,
): string {
  const waitsFor = status?.offlineByChoice === true ? 'paused' : (status?.state ?? 'offline');
  return t(`sync.waitsFor.${waitsFor}`, { defaultValue: t('sync.item.waiting') });
}
