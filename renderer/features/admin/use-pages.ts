import { useCallback, useState } from 'react';
import { firstPages, type Page } from './first-pages.ts';
import { type Loaded, useLoaded } from './use-loaded.ts';

interface Paged<T> extends Loaded<Page<T>> {
  readonly more: () => void;
}

/** A list of the server, page by page. `ask` has to stay the same between renders. */
export function usePages<T>(ask: (after: string) => Promise<Page<T>>): Paged<T> {
  const [pages, setPages] = useState(1);
  const load = useCallback(() => firstPages(pages, ask), [pages, ask]);
  return { ...useLoaded(load), more: useCallback(() => setPages((before) => before + 1), []) };
}
