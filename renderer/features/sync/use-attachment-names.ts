import type { UnsentBlob } from '#shared/host/sync.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { useLive } from '../../app/use-live.ts';

const NONE: ReadonlyMap<string, string> = new Map();

/** What the attachments of tickets are called, by hash. Others have no name but their hash. */
export function useAttachmentNames(blobs: readonly UnsentBlob[]): ReadonlyMap<string, string> {
  const tickets = [...new Set(blobs.map(({ stream }) => stream))].filter((stream) =>
    stream.startsWith('ticket/'),
  );
  const names = useLive(
    async (store) => {
      const found = new Map<string, string>();
      for (const key of tickets) {
        const state = (await store.row({ key }))?.state as TicketState | undefined;
        for (const { data } of state?.evidence ?? []) found.set(data.sha256, data.name);
      }
      return found;
    },
    (key) => tickets.includes(key),
    [tickets.sort().join(' ')],
  );
  return names ?? NONE;
}
