import { notifications } from '@mantine/notifications';
import { useEffect } from 'react';
import { errorCode } from '#shared/host/errors.ts';
import { useDesk } from '../../app/desk.ts';
import { explainError } from '../../app/explain.ts';
import { fetchEntity } from '../../sync/engine.ts';
import type { EventWithStanding } from '../../db/store.ts';
import { useSyncStatus } from '../sync/index.ts';

/** Without a network the row is all there is; the facts are asked for again when the state changes. */
const LATER = new Set([
  'sync.offline',
  'sync.needsLogin',
  'sync.otherVersion',
  'host.unavailable',
  'host.cancelled',
  'store.lost',
]);

/**
 * Brings the facts of a cold ticket here: it came as a folded row, and
 * somebody looks at it now. Does nothing where its opening is known already.
 */
export function useWholeTicket(ticketId: string, events: readonly EventWithStanding[] | undefined): void {
  const { host, store, workspace } = useDesk();
  const state = useSyncStatus()?.state;
  const isCold = events !== undefined && !events.some(({ event }) => event.type === 'ticket.opened');
  useEffect(() => {
    if (!isCold || workspace.kind === 'demo' || (state !== 'online' && state !== 'syncing')) return undefined;
    const controller = new AbortController();
    fetchEntity(host, store, `ticket/${ticketId}`, controller.signal).catch((thrown: unknown) => {
      const code = errorCode(thrown);
      if (code === undefined || !LATER.has(code)) {
        notifications.show({ color: 'red', message: explainError(thrown), id: 'whole-ticket' });
      }
    });
    return () => controller.abort();
  }, [host, store, workspace.kind, ticketId, isCold, state]);
}
