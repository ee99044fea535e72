import type { Region } from '#shared/sync/admin.ts';

/** A region by its name in the reader's language; its id where it has none here. */
export function namedRegion(regions: readonly Region[], id: string, language: string): string {
  const region = regions.find((known) => known.id === id);
  if (region === undefined) return id;
  return language === 'en' ? region.nameEn : region.nameZh;
}
