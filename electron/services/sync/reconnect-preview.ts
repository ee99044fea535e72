import type { ReconnectPreview, SyncStatus, UnsentBlob, Unsynced } from '#shared/host/sync.ts';

type Staying = ReconnectPreview['staying'][number];

export interface PreviewSources {
  readonly items: readonly Unsynced[];
  readonly uploads: readonly UnsentBlob[];
  readonly status: Pick<SyncStatus, 'state' | 'metered' | 'lastSyncedAt'>;
  readonly bytesPerSecond: number | null;
}

/** What the next connection will do, from what is known here: nothing is asked of the server. */
export function reconnectPreview(sources: PreviewSources): ReconnectPreview {
  const { items, uploads, status, bytesPerSecond } = sources;
  const needsLogin = status.state === 'needsLogin';
  const staying = new Map<string, Staying>();
  const stay = (stream: string, why: Staying['why']): void => {
    const key = `${why} ${stream}`;
    staying.set(key, { stream, why, count: (staying.get(key)?.count ?? 0) + 1 });
  };
  const going: Unsynced[] = [];
  for (const item of items) {
    const { stream } = item.event;
    if (item.state === 'quarantined') stay(stream, 'noRight');
    else if (item.state === 'refused' || item.state === 'held') stay(stream, item.state);
    else if (needsLogin) stay(stream, 'needsLogin');
    else going.push(item);
  }
  const movable = uploads.filter(({ state }) => state === 'waiting' || state === 'sending');
  const factBytes = going.reduce((sum, { bytes }) => sum + bytes, 0);
  const blobBytes = movable.reduce((sum, { bytes, sentBytes }) => sum + bytes - sentBytes, 0);
  const total = factBytes + blobBytes;
  return {
    facts: { count: going.length, bytes: factBytes },
    blobs: {
      count: movable.length,
      bytes: blobBytes,
      heldByMetered: uploads.filter(({ state }) => state === 'metered').length,
    },
    staying: [...staying.values()],
    seconds: bytesPerSecond === null || bytesPerSecond <= 0 ? null : Math.ceil(total / bytesPerSecond),
    needsLogin,
    lastSyncedAt: status.lastSyncedAt,
  };
}
