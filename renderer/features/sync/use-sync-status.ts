import { create } from 'zustand';
import { useEffect } from 'react';
import type { SyncStatus } from '#shared/host/sync.ts';
import { useConnectionState } from '../../app/connection-state.ts';
import { useDesk } from '../../app/desk.ts';
import { noteClock } from '../../components/present-time.ts';

const useStatus = create<{ status: SyncStatus | undefined }>(() => ({ status: undefined }));

/** The status of syncing, kept up to date by {@link useFollowSyncStatus}. */
export function useSyncStatus(): SyncStatus | undefined {
  return useStatus((state) => state.status);
}

function take(status: SyncStatus): void {
  noteClock(status.clock);
  useStatus.setState({ status });
}

/** Follows the host's status; mounted once, by the status bar. */
export function useFollowSyncStatus(): void {
  const { host } = useDesk();
  const hostState = useConnectionState((state) => state.host);
  useEffect(() => {
    if (hostState !== 'open') return undefined;
    const controller = new AbortController();
    const follow = async (): Promise<void> => {
      for await (const status of host.sync.status({}, { signal: controller.signal })) take(status);
    };
    follow().catch(() => useStatus.setState({ status: undefined }));
    return () => controller.abort();
  }, [host, hostState]);
}
