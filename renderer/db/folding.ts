import { foldEntity, foldOnto, unknownRow, type FoldedRow } from '#shared/domain/projection.ts';
import { touches } from '#shared/domain/registry.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Cache, Fact, LaidRow } from './cache.ts';

/** Folds facts that are new here onto what stands. */
export async function foldFresh(cache: Cache, fresh: readonly DomainEvent[]): Promise<LaidRow[]> {
  const byKey = new Map<string, DomainEvent[]>();
  for (const event of fresh) {
    for (const key of touches(event)) byKey.set(key, [...(byKey.get(key) ?? []), event]);
  }
  const laid: LaidRow[] = [];
  for (const [key, group] of byKey) {
    const standing = cache.memory.row(key) ?? (await cache.baseRow(key)) ?? unknownRow(key);
    if (standing === undefined) continue;
    const isWhole = cache.memory.isWhole(key);
    const { row, late } = foldOnto(standing, group);
    if (late && !isWhole) cache.incomplete.add(key);
    const anew = late && isWhole ? foldLive(key, await cache.factsOf(key), group) : undefined;
    laid.push({ row: anew ?? row, isWhole });
  }
  return laid;
}

/** Folds an entity from all its facts that are not refused. */
export function foldLive(
  key: string,
  facts: readonly Fact[],
  extra: readonly DomainEvent[] = [],
): FoldedRow | undefined {
  const live = facts.filter(({ standing }) => standing !== 'refused').map(({ event }) => event);
  return foldEntity(key, [...live, ...extra]);
}

/**
 * The row that lies over `base` when these are the facts of the entity that are here. `undefined` when none has to:
 * what the pages say stands, or nothing is known of it.
 * @param isWhole every fact of the entity is among them.
 */
export function foldAgain(
  cache: Cache,
  key: string,
  facts: readonly Fact[],
  base: FoldedRow | undefined,
  isWhole: boolean,
): LaidRow | undefined {
  const live = facts.filter(({ standing }) => standing !== 'refused');
  if (base === undefined || isWhole) {
    const row = live.length === 0 ? undefined : foldLive(key, live);
    return row && { row, isWhole: true };
  }
  const later = live.filter(({ packed }) => !packed.includes(key)).map(({ event }) => event);
  if (later.length === 0) return undefined;
  const { row, late } = foldOnto(base, later);
  if (late) cache.incomplete.add(key);
  return { row, isWhole: false };
}
