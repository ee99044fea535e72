import type { DomainEvent } from '#shared/events/envelope.ts';
import { type Cache, type Fact, isKnown } from './cache.ts';
import type { EventRecord, EventStanding } from './database.ts';
import type { Delivered } from './deliveries.ts';
import { foldFresh } from './folding.ts';
import type { SyncPosition } from './position.ts';

/** One transaction without a look before it. @returns false, and nothing has changed, when a fact was known after all. */
export async function takeInNew(cache: Cache, events: readonly DomainEvent[]): Promise<boolean> {
  const incomplete = [...cache.incomplete];
  const facts = events.map((event) => cache.newFact(event, 'local'));
  try {
    await cache.commit({ rows: await foldFresh(cache, events), facts, areNew: true });
    return true;
  } catch (thrown) {
    cache.incomplete.clear();
    for (const key of incomplete) cache.incomplete.add(key);
    if (isKnown(thrown)) return false;
    throw thrown;
  }
}

/**
 * Folds in what is new and writes it down with the position, in one transaction. What is known already is only marked as confirmed, or as given by one scope more.
 * @returns whether all of it was new.
 */
export async function takeIn(
  cache: Cache,
  delivered: readonly Delivered[],
  standing: EventStanding,
  position: SyncPosition | undefined,
): Promise<boolean> {
  const known = await cache.database.events.bulkGet(delivered.map(({ event }) => event.id));
  const fresh = new Map<string, Fact>();
  const records: EventRecord[] = [];
  delivered.forEach(({ event, scopes }, index) => {
    const record = known[index];
    // A fact that the office took in after all folds in like a new one.
    const isTakenIn = record?.standing === 'refused' && standing === 'confirmed';
    if (record === undefined || isTakenIn) {
      if (!fresh.has(event.id)) fresh.set(event.id, cache.newFact(event, standing, scopes));
      return;
    }
    const isConfirmed = standing === 'confirmed' && record.standing === 'local';
    const all = new Set([...record.scopes, ...scopes]);
    if (!isConfirmed && all.size === record.scopes.length) return;
    records.push({ ...record, scopes: [...all], standing: isConfirmed ? standing : record.standing });
  });
  const facts = [...fresh.values()];
  const rows = await foldFresh(
    cache,
    facts.map(({ event }) => event),
  );
  const told = records.flatMap(({ touches }) => touches);
  await cache.commit({ rows, facts, records, position, told });
  return facts.length > 0 && facts.length === delivered.length;
}
