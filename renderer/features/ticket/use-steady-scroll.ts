import { useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { ListQuery } from '../../db/list-query.ts';
import { indexIn, isSameList, rowIn, type QueueList } from './use-queue-list.ts';

interface Anchor {
  readonly key: string;
  readonly index: number;
  readonly query: ListQuery;
  readonly total: number;
}

/**
 * Keeps what is being read where it is when rows come in above it, and counts
 * them: they wait behind a bar until the reader goes back to the top.
 */
export function useSteadyScroll(
  scroller: RefObject<HTMLElement | null>,
  list: QueueList | undefined,
  rowHeight: number,
) {
  const anchor = useRef<Anchor>(undefined);
  const [fresh, setFresh] = useState(0);
  useLayoutEffect(() => {
    if (list === undefined) return;
    const before = anchor.current;
    const top = scroller.current?.scrollTop ?? 0;
    if (before !== undefined && top > 0 && isSameList(before.query, list.query)) {
      const now = indexIn(list, before.key);
      if (now >= 0 && now !== before.index)
        scroller.current?.scrollBy({ top: (now - before.index) * rowHeight });
      if (list.total > before.total) setFresh((count) => count + list.total - before.total);
    } else setFresh(0);
    anchor.current = anchorAt(scroller.current, list, rowHeight);
  }, [scroller, list, rowHeight]);

  const onScroll = (): void => {
    if (list === undefined) return;
    anchor.current = anchorAt(scroller.current, list, rowHeight) ?? anchor.current;
    if ((scroller.current?.scrollTop ?? 0) < rowHeight) setFresh(0);
  };
  return { fresh, onScroll };
}

/** The first row on the screen. */
function anchorAt(element: HTMLElement | null, list: QueueList, rowHeight: number): Anchor | undefined {
  const index = Math.floor((element?.scrollTop ?? 0) / rowHeight);
  const row = rowIn(list, index);
  return row && { key: row.key, index, query: list.query, total: list.total };
}
