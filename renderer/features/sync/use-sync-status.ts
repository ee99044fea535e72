import { create } from 'zustand';
import { useEffect } from 'react';
import type { SyncStatus } from '#shared/host/sync.ts';
import { useConnectionState } from '../../app/connection-state.ts';
import { useDesk } from '../../app/desk.ts';
import { noteClock, presentOffsetMs } from '../../components/present-time.ts';
import type { StoreClient } from '../../db/open-store.ts';

const useStatus = create<{ status: SyncStatus | undefined }>(() => ({ status: undefined }));

/** The status of syncing, kept up to date by {@link useFollowSyncStatus}. */
export function useSyncStatus(): SyncStatus | undefined {
  return useStatus((state) => state.status);
}

function take(status: SyncStatus, store: StoreClient): void {
  noteClock(status.clock);
  // The store notes when facts arrive. When it is being opened anew it hears of the time with the next status.
  store.setClock({ offsetMs: presentOffsetMs() }).catch(() => undefined);
  useStatus.setState({ status });
}

/** Follows the host's status; mounted once, by the status bar. */
export function useFollowSyncStatus(): void {
  const { host, store } = useDesk();
  const hostState = useConnectionState((state) => state.host);
  useEffect(() => {
    if (hostState !== 'open') return undefined;
    const controller = new AbortController();
    const follow = async (): Promise<void> => {
      for await (const status of host.sync.status({}, { signal: controller.signal })) take(status, store);
    };
    follow().catch(() => useStatus.setState({ status: undefined }));
    return () => controller.abort();
  }, [host, store, hostState]);
}
