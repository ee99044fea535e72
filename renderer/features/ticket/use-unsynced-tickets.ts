import { useEffect, useState } from 'react';
import { touches } from '#shared/domain/registry.ts';
import { errorCode } from '#shared/host/errors.ts';
import { useDesk } from '../../app/desk.ts';
import { useSyncStatus } from '../sync/index.ts';

export type UnsyncedMark = 'unsynced' | 'refused';

const NONE: ReadonlyMap<string, UnsyncedMark> = new Map();

/** Which tickets hold facts that the server has not taken, by key; one it refused weighs more. A demo has none: it has no server. */
export function useUnsyncedTickets(): ReadonlyMap<string, UnsyncedMark> {
  const { host, workspace } = useDesk();
  const status = useSyncStatus();
  const [marks, setMarks] = useState(NONE);
  const hasServer = workspace.kind === 'server';
  const count = (status?.unsynced ?? 0) + (status?.refused ?? 0);
  useEffect(() => {
    if (!hasServer || count === 0) return;
    let isMounted = true;
    void (async () => {
      const { items } = await host.sync.unsynced({}).catch((error: unknown) => {
        // A host that is gone is told of by the frame; what was known of these tickets still holds.
        if (errorCode(error) === undefined) throw error;
        return { items: undefined };
      });
      if (items === undefined) return;
      const next = new Map<string, UnsyncedMark>();
      for (const { event, state } of items) {
        for (const key of touches(event)) {
          if (!key.startsWith('ticket/')) continue;
          if (state === 'refused' || !next.has(key))
            next.set(key, state === 'refused' ? 'refused' : 'unsynced');
        }
      }
      if (isMounted) setMarks(next);
    })();
    return () => {
      isMounted = false;
    };
    // `since` moves with each turn of the synchronisation, also when the count stays the same.
  }, [host, hasServer, count, status?.since, status?.lastSyncedAt]);
  return count === 0 ? NONE : marks;
}
