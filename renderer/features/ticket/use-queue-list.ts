import { useEffect, useState } from 'react';
import { useDesk } from '../../app/desk.ts';
import { isBeingRefilled, useLive } from '../../app/use-live.ts';
import type { ListAnswer, ListQuery } from '../../db/list-query.ts';
import type { TicketSummary } from '../../db/summary.ts';

export type Labels = Readonly<Record<string, { name: string; nameEn?: string }>>;
export type QueueList = ListAnswer & {
  readonly labels: Labels;
  readonly query: ListQuery;
  /** False for what the last visit saw, shown until the store has answered. */
  readonly isLive: boolean;
};

/**
 * The list as the store answers it, with the query it belongs to. Until the
 * first answer, what the last visit saw: painted at once.
 */
export function useQueueList(query: ListQuery): QueueList | undefined {
  const { store } = useDesk();
  const [remembered, setRemembered] = useState<QueueList>();
  useEffect(() => {
    let isMounted = true;
    const remember = async (): Promise<void> => {
      const page = await store.firstPage({});
      if (isMounted && page !== undefined)
        setRemembered({ ...page.answer, labels: page.labels, query: page.query, isLive: false });
    };
    remember().catch((thrown: unknown) => {
      // Without a database there is nothing to remember.
      if (!isBeingRefilled(thrown)) throw thrown;
    });
    return () => {
      isMounted = false;
    };
  }, [store]);
  const answer = useLive(
    async (store) => ({ ...(await store.list(query)), query, isLive: true }),
    (changed) => !changed.startsWith('unit/') && !changed.startsWith('rma/'),
    [JSON.stringify(query)],
  );
  if (answer !== undefined) return answer;
  const fits =
    remembered?.query.view === query.view && remembered.query.userId === query.userId && query.search === '';
  return fits ? remembered : undefined;
}

/** Whether two queries ask for the same list, whatever window of it. */
export function isSameList(a: ListQuery, b: ListQuery): boolean {
  return a.view === b.view && a.search === b.search && a.sort === b.sort && a.userId === b.userId;
}

/** The row at a place of the whole list, `undefined` outside the window that was asked for. */
export function rowIn(list: QueueList, index: number): TicketSummary | undefined {
  return list.items[index - list.query.offset];
}

/** The place of a ticket in the whole list, -1 outside the window. */
export function indexIn(list: QueueList, key: string): number {
  const at = list.items.findIndex((item) => item.key === key);
  return at < 0 ? -1 : at + list.query.offset;
}
