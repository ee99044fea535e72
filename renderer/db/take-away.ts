import { changedBy } from '#shared/domain/changed-by.ts';
import type { FoldedRow } from '#shared/domain/projection.ts';
import type { Cache, Fact } from './cache.ts';
import type { Deliveries } from './deliveries.ts';
import type { SealedPage } from './pages.ts';
import type { SyncPosition } from './position.ts';
import { refold, Retraction } from './refold.ts';

export type Departures = Pick<Deliveries, 'left' | 'deleted' | 'lost'>;

/**
 * Takes away what this laptop may no longer show, in one transaction: scopes whose right was lost, with their
 * cursors; streams that left a scope, unless another one gives them; streams that were deleted, but for what was added
 * to them since. Facts of them that wait here leave the store as well, and stay in the journal. Rows that a deleted stream
 * has changed elsewhere are named as incomplete where its facts are not here.
 * @returns scopes whose pages held rows of what left: other rows there may have it folded in, so they are fetched anew.
 */
export async function takeAway(cache: Cache, { left, deleted, lost }: Departures): Promise<string[]> {
  cache.generation++;
  const position = await cache.position();
  const retraction = new Retraction();
  const lostScopes = new Set(lost);
  const hidden = new Set([...position.hidden, ...lost]);
  await retractScopes(cache, lostScopes, retraction);
  const purged = new Set(deleted.map(({ stream }) => stream));
  const purgedFacts = new Set(deleted.map(({ id }) => id));
  for (const stream of purged)
    for (const fact of await factsOfStream(cache, stream))
      if (fact.standing !== 'confirmed' || purgedFacts.has(fact.id)) retraction.forget(fact);
  /** Rows to be cut out of pages, by page. */
  const cut = new Map<string, Set<string>>();
  const lostPages = new Set(
    [...lostScopes].flatMap((scope) => cache.memory.pagesOf(scope)).map(({ id }) => id),
  );
  for (const scope of lostScopes) for (const id of position.pages[scope] ?? []) lostPages.add(id);
  const cutRow = (key: string, isIn: (scope: string | undefined) => boolean): boolean => {
    const pages = cache.memory
      .placesOf(key)
      .filter((id) => !lostPages.has(id) && isIn(cache.memory.page(id)?.scope));
    for (const id of pages) cut.set(id, (cut.get(id) ?? new Set()).add(key));
    return pages.length > 0;
  };
  const stale = new Set<string>();
  /** Rows that may have facts folded in that are gone, and not all of whose facts are here. */
  const behind = new Set<string>();
  for (const [stream, scopes] of scopesByStream(deleted)) {
    const changed = await changedElsewhere(cache, stream);
    const wasWhole = cache.memory.isWhole(stream);
    const isCut = cutRow(stream, (of) => of !== undefined && scopes.has(of));
    if (!isCut || wasWhole) continue;
    behind.add(stream);
    if (changed === undefined) for (const scope of scopes) stale.add(scope);
    else for (const key of changed) if (!cache.memory.isWhole(key)) behind.add(key);
  }
  for (const { scope, stream } of left) {
    const facts = await factsOfStream(cache, stream);
    for (const fact of facts) if (fact.scopes.includes(scope)) retraction.takeScope(fact, scope);
    const wasWhole = cache.memory.isWhole(stream);
    if (cutRow(stream, (of) => of === scope) && !wasWhole) stale.add(scope);
    const isGivenElsewhere =
      retraction.after(facts).some(({ standing }) => standing === 'confirmed') ||
      (await isInPages(cache, stream, (id) => !lostPages.has(id) && cache.memory.page(id)?.scope !== scope));
    if (isGivenElsewhere) continue;
    hidden.add(stream);
    for (const fact of retraction.after(facts)) retraction.forget(fact);
  }
  const keys = new Set([...retraction.touched, ...purged, ...left.map(({ stream }) => stream)]);
  const isCut = (key: string, page: string): boolean =>
    lostPages.has(page) || cut.get(page)?.has(key) === true;
  for (const key of cache.memory.overlayKeys())
    if (cache.memory.placesOf(key).some((page) => lostPages.has(page))) keys.add(key);
  const baseAfter = async (key: string): Promise<FoldedRow | undefined> => {
    const page = cache.memory.placesOf(key).findLast((id) => !isCut(key, id));
    return page === undefined ? undefined : cache.rowIn(page, key);
  };
  const { rows, goneRows, gone } = await refold(cache, keys, retraction, baseAfter, { keepsWhole: true });
  for (const key of gone) cutRow(key, () => true);
  for (const key of behind) cache.incomplete.add(key);
  const rewritten = await rewrite(cache, cut);
  const without = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).filter(([scope]) => !lostScopes.has(scope)));
  const next: SyncPosition = {
    ...position,
    cursors: without(position.cursors),
    checksums: without(position.checksums),
    pages: renamed(without(position.pages), rewritten),
    hidden: [...hidden],
    deleted: [...new Set([...position.deleted, ...purged])],
  };
  for (const scope of lostScopes) cache.damaged.delete(scope);
  await cache.commit({
    rows,
    goneRows,
    facts: retraction.facts,
    goneFacts: retraction.goneFacts,
    pages: [...rewritten.values()],
    gonePages: [...lostPages, ...rewritten.keys()],
    position: next,
    told: lostPages.size + cut.size > 0 ? ['*'] : [],
  });
  return [...stale];
}

/**
 * Streams of facts born here that no scope of the user gives: the right to them was lost while there was nothing here that
 * could tell, because the store was gone. A stream that is shared with him is given, by a page or by facts that came.
 * @param knownNames the user's scopes, and what is not shown anyway.
 */
export async function strangersOf(cache: Cache, knownNames: readonly string[]): Promise<Departures['left']> {
  const known = new Set(knownNames);
  const strangers: { scope: string; stream: string }[] = [];
  for (const [stream, scope] of cache.homes) {
    if (known.has(scope) || known.has(stream) || (await isInPages(cache, stream))) continue;
    const facts = await factsOfStream(cache, stream);
    if (!facts.some(({ standing }) => standing === 'confirmed')) strangers.push({ scope, stream });
  }
  return strangers;
}

function scopesByStream(deleted: Departures['deleted']): Map<string, Set<string>> {
  const scopes = new Map<string, Set<string>>();
  for (const { scope, stream } of deleted) scopes.set(stream, (scopes.get(stream) ?? new Set()).add(scope));
  return scopes;
}

/** Other rows that the stream has changed, as far as pages and overlay tell; `undefined` when they cannot tell it. */
async function changedElsewhere(cache: Cache, stream: string): Promise<Set<string> | undefined> {
  const rows = [cache.memory.overlayRow(stream)];
  for (const page of cache.memory.placesOf(stream)) rows.push(await cache.rowIn(page, stream));
  const changed = new Set<string>();
  for (const row of rows) {
    if (row === undefined) continue;
    const keys = changedBy(row);
    if (keys === undefined) return undefined;
    for (const key of keys) changed.add(key);
  }
  return changed;
}

/**
 * Whether a page gives the stream itself. A row may be there for facts of other streams alone: a unit that is shared has been
 * taken for a ticket that is not.
 */
async function isInPages(
  cache: Cache,
  stream: string,
  counts: (page: string) => boolean = () => true,
): Promise<boolean> {
  for (const page of cache.memory.placesOf(stream).filter(counts)) {
    const row = await cache.rowIn(page, stream);
    if (row !== undefined && (!('isOpened' in row.state) || row.state.isOpened)) return true;
  }
  return false;
}

/** Facts that only these scopes gave go; facts of them that wait here too. */
async function retractScopes(
  cache: Cache,
  scopes: ReadonlySet<string>,
  retraction: Retraction,
): Promise<void> {
  const { events } = cache.database;
  for (const scope of scopes) {
    for (const record of await events.where('scopes').equals(scope).toArray())
      retraction.takeScope(await cache.open(record), scope);
  }
  if (scopes.size === 0) return;
  for (const record of await events.where('standing').anyOf('local', 'refused').toArray()) {
    const fact = await cache.open(record);
    if (scopes.has(fact.event.scope)) retraction.forget(fact);
  }
}

async function factsOfStream(cache: Cache, stream: string): Promise<Fact[]> {
  return (await cache.factsOf(stream)).filter(({ event }) => event.stream === stream);
}

/** Takes an entity away of which the server gives nothing any more, out of the pages too. */
export async function cutOut(cache: Cache, key: string): Promise<void> {
  const rewritten = await rewrite(
    cache,
    new Map(cache.memory.placesOf(key).map((id) => [id, new Set([key])])),
  );
  const position = await cache.position();
  await cache.commit({
    goneRows: [key],
    pages: [...rewritten.values()],
    gonePages: [...rewritten.keys()],
    position: { ...position, pages: renamed(position.pages, rewritten) },
  });
}

function renamed(
  pages: SyncPosition['pages'],
  rewritten: ReadonlyMap<string, SealedPage>,
): SyncPosition['pages'] {
  return Object.fromEntries(
    Object.entries(pages).map(([scope, ids]) => [scope, ids.map((id) => rewritten.get(id)?.header.id ?? id)]),
  );
}

/** The pages without the rows that are cut out of them, under new names. */
async function rewrite(
  cache: Cache,
  cut: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Map<string, SealedPage>> {
  const rewritten = new Map<string, SealedPage>();
  for (const [id, keys] of cut) {
    try {
      rewritten.set(id, await cache.pages.without(id, keys, newPageId()));
    } catch (thrown) {
      const scope = cache.memory.page(id)?.scope;
      if (scope === undefined || !(thrown instanceof Error)) throw thrown;
      // It does not open; its whole scope is fetched anew, and what was to go is not in it then.
      cache.damaged.add(scope);
    }
  }
  return rewritten;
}

export const newPageId = (): string => `local-${crypto.randomUUID()}`;
