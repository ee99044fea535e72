import type { FoldedRow } from '#shared/domain/projection.ts';
import { HostError } from '#shared/host/errors.ts';
import { isDamage, type Cache } from './cache.ts';
import type { ReadPage } from './pages.ts';
import { NOWHERE, type Checksum, type SyncPosition } from './position.ts';
import { refold, Retraction } from './refold.ts';

/** The rows of one scope at one version, all of them staged. */
export interface Adoption {
  readonly epoch: string;
  readonly scope: string;
  readonly cursor: number;
  readonly checksum: Checksum;
  readonly pages: readonly string[];
  /** Streams that were purged before the cut. */
  readonly deleted?: readonly string[];
  /** With it every scope of the bootstrap is here. */
  readonly isLast: boolean;
}

/**
 * Makes the staged pages the base of their scope, in one transaction with the position they stand for. What this
 * scope had delivered goes; facts that wait here, and what other scopes gave, are folded on top.
 * @throws HostError `store.pagesGone` when a page is not there or does not open: the bootstrap has to be gone through again.
 */
export async function adoptScope(cache: Cache, adoption: Adoption): Promise<void> {
  cache.generation++;
  const { scope, deleted = [] } = adoption;
  const position = await cache.position();
  const incoming: ReadPage[] = [];
  if ((await cache.pages.missing(adoption.pages)).length > 0) throw pagesGone();
  for (const id of adoption.pages) {
    try {
      incoming.push(await cache.pages.read(id));
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      // It is fetched again then.
      await cache.database.pages.delete(id);
      throw pagesGone();
    }
  }
  const pageOf = new Map<string, string>();
  for (const { header, content } of incoming)
    for (const { key } of [...content.tickets, ...content.others]) pageOf.set(key, header.id);
  const gonePages = new Set([
    ...(position.pages[scope] ?? []),
    ...cache.memory.pagesOf(scope).map(({ id }) => id),
  ]);
  const retraction = new Retraction();
  for (const record of await cache.database.events.where('scopes').equals(scope).toArray())
    retraction.takeScope(await cache.open(record), scope);
  for (const stream of deleted) await forgetOwn(cache, stream, retraction);

  const keys = new Set(retraction.touched);
  for (const key of cache.memory.overlayKeys()) {
    if (pageOf.has(key) || cache.memory.placesOf(key).some((id) => gonePages.has(id))) keys.add(key);
  }
  const elsewhere = (key: string): string | undefined =>
    cache.memory.placesOf(key).findLast((id) => !gonePages.has(id));
  const baseAfter = async (key: string): Promise<FoldedRow | undefined> => {
    const page = pageOf.get(key) ?? elsewhere(key);
    return page === undefined ? undefined : cache.rowIn(page, key);
  };
  const { rows, goneRows } = await refold(cache, keys, retraction, baseAfter, { keepsWhole: false });
  for (const key of pageOf.keys()) {
    // Each scope's row has the facts of that scope only.
    if (elsewhere(key) === undefined) {
      if (!keys.has(key)) cache.incomplete.delete(key);
    } else cache.incomplete.add(key);
  }
  const base = position.epoch === adoption.epoch ? position : { ...position, ...ofNewEpoch(adoption.epoch) };
  const next: SyncPosition = {
    ...base,
    cursors: { ...base.cursors, [scope]: adoption.cursor },
    checksums: { ...base.checksums, [scope]: adoption.checksum },
    pages: { ...base.pages, [scope]: adoption.pages },
    hidden: base.hidden.filter((hidden) => hidden !== scope && !pageOf.has(hidden)),
    deleted: [...new Set([...base.deleted, ...deleted])],
    isBootstrapped: base.isBootstrapped || adoption.isLast,
  };
  await cache.commit({
    rows,
    goneRows,
    facts: retraction.facts,
    goneFacts: retraction.goneFacts,
    adopted: incoming,
    gonePages: [...gonePages].filter((id) => !adoption.pages.includes(id)),
    position: next,
    told: ['*'],
  });
  cache.damaged.delete(scope);
  if (next.isBootstrapped) await cache.dropOrphans(next);
}

const pagesGone = (): HostError =>
  new HostError('store.pagesGone', 'A part of the workspace that was fetched is gone; it is fetched again.');

/** Numbers of another history mean nothing; its pages stand until those of the new one are here. */
function ofNewEpoch(
  epoch: string,
): Pick<SyncPosition, 'epoch' | 'cursors' | 'checksums' | 'isBootstrapped' | 'deleted'> {
  const { cursors, checksums, isBootstrapped, deleted } = NOWHERE;
  return { epoch, cursors, checksums, isBootstrapped, deleted };
}

/** What only the journal of this laptop has told of a stream goes; what a scope gives, it gives since the purge or takes itself. */
async function forgetOwn(cache: Cache, stream: string, retraction: Retraction): Promise<void> {
  for (const fact of await cache.factsOf(stream))
    if (fact.event.stream === stream && fact.standing !== 'confirmed') retraction.forget(fact);
}
