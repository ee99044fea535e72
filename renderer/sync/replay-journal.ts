import type { JournalItem } from '#shared/host/journal.ts';
import type { StoreClient } from '../db/open-store.ts';
import type { EngineHost } from './engine.ts';

/** Takes in everything that the journal holds; the store passes over what it has. */
export async function replayJournal(
  host: EngineHost,
  store: StoreClient,
  signal: AbortSignal,
): Promise<void> {
  for await (const item of host.journal.follow({ replay: true }, { signal })) {
    if (item.k === 'live') return;
    await takeIn(store, item);
  }
}

/** Takes in what the journal tells: facts born here, or what the server said of them. */
export async function takeIn(store: StoreClient, item: Exclude<JournalItem, { k: 'live' }>): Promise<void> {
  if (item.k === 'events') {
    await store.applyLocal({ events: item.events });
    return;
  }
  const refused = item.verdicts.filter(({ verdict }) => verdict === 'refused').map(({ id }) => id);
  if (refused.length > 0) await store.applyRefusals({ eventIds: refused });
}
