import { useEffect, useRef, useState } from 'react';
import type { EntityStates, Noun } from '#shared/domain/projection.ts';
import type { EventWithStanding } from '../db/store.ts';
import type { StoreClient } from '../db/open-store.ts';
import { errorCode } from '#shared/host/errors.ts';
import { useDesk } from './desk.ts';

/** How a read ends that was under way, or began, while there was no database. */
const WHILE_REFILLED = new Set(['store.lost', 'host.cancelled']);

/** Whether a read failed only because there is no database now. What it reads is told as a change when there is one again. */
export const isBeingRefilled = (thrown: unknown): boolean => WHILE_REFILLED.has(errorCode(thrown) ?? '');

type ChangeListener = (keys: ReadonlySet<string>) => void;
const listenersOf = new WeakMap<StoreClient, Set<ChangeListener>>();

/** One stream of changes per store, however many screens watch it. */
function onChange(store: StoreClient, listener: ChangeListener): () => void {
  let listeners = listenersOf.get(store);
  if (listeners === undefined) {
    const fresh = new Set<ChangeListener>();
    listeners = fresh;
    listenersOf.set(store, fresh);
    void (async () => {
      for await (const change of store.changes({})) {
        const keys = new Set(change.lost ? ['*'] : change.keys);
        for (const told of fresh) told(keys);
      }
    })().catch(() => listenersOf.delete(store));
  }
  const set = listeners;
  set.add(listener);
  return () => set.delete(listener);
}

/**
 * A value read from the store, read again when what it concerns has changed.
 * `undefined` until the first answer; an older answer never replaces a newer one.
 */
export function useLive<T>(
  read: (store: StoreClient) => Promise<T>,
  concerns: (key: string) => boolean,
  deps: readonly unknown[],
): T | undefined {
  const { store } = useDesk();
  const [value, setValue] = useState<T>();
  const turn = useRef(0);
  useEffect(() => {
    let isMounted = true;
    let isReading = false;
    let isStale = false;
    const refresh = async (): Promise<void> => {
      if (isReading) {
        isStale = true;
        return;
      }
      isReading = true;
      const mine = ++turn.current;
      try {
        const next = await read(store);
        if (isMounted && mine === turn.current) setValue(next);
      } catch (thrown) {
        // The browser may take the database away while it is read. What is shown stays; when the database is
        // filled again it tells so as a change, and this is read anew.
        if (!isBeingRefilled(thrown)) throw thrown;
      } finally {
        isReading = false;
        if (isStale && isMounted) {
          isStale = false;
          void refresh();
        }
      }
    };
    void refresh();
    const stop = onChange(store, (keys) => {
      if (keys.has('*') || [...keys].some(concerns)) void refresh();
    });
    return () => {
      isMounted = false;
      stop();
    };
    // The caller names what its `read` and `concerns` depend on.
  }, [store, ...deps]);
  return value;
}

/** An entity as it stands; `undefined` while it is read or when it is not known here. */
export function useEntity<N extends Noun>(noun: N, id: string | undefined): EntityStates[N] | undefined {
  const key = `${noun}/${id ?? ''}`;
  return useLive(
    async (store) =>
      id === undefined || id === ''
        ? undefined
        : ((await store.row({ key }))?.state as EntityStates[N] | undefined),
    (changed) => changed === key,
    [key],
  );
}

/** All entities of a noun that is kept in memory (not tickets). */
export function useEntities<N extends Exclude<Noun, 'ticket'>>(noun: N): ReadonlyArray<EntityStates[N]> {
  const rows = useLive(
    async (store) => (await store.rowsOf({ noun })).map((row) => row.state as EntityStates[N]),
    (changed) => changed.startsWith(`${noun}/`),
    [noun],
  );
  return rows ?? [];
}

/** The facts of an entity in the order they happened. */
export function useEvents(key: string): readonly EventWithStanding[] | undefined {
  return useLive(
    (store) => store.eventsOf({ key }),
    (changed) => changed === key,
    [key],
  );
}
