import { useCallback, useEffect, useRef, useState } from 'react';
import { planVisit } from '#shared/domain/visit/plan-visit.ts';
import type { VisitPlan } from '#shared/domain/visit/visit.ts';
import { useDesk, type Desk } from '../../app/desk.ts';
import { fetchEntity } from '../../sync/engine.ts';
import { readWorld } from './read-world.ts';

/** How far the fetching is. */
export interface VisitProgress {
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
  readonly totalBytes: number;
  /** Of the bytes so far; `null` before the first have come. */
  readonly secondsLeft: number | null;
}

export interface Visit {
  /** `undefined` while it is computed, `null` when the site is not known here. */
  readonly plan: VisitPlan | null | undefined;
  readonly progress: VisitProgress | undefined;
  /** What stopped the fetching last time. What had come by then stays. */
  readonly trouble: unknown;
  readonly fetchAll: () => Promise<void>;
  readonly stop: () => void;
}

/** The preparation of a visit to a site, and the fetching of what is not here yet. */
export function useVisit(siteId: string, day: string): Visit {
  const desk = useDesk();
  const [plan, setPlan] = useState<VisitPlan | null>();
  const [progress, setProgress] = useState<VisitProgress>();
  const [trouble, setTrouble] = useState<unknown>();
  const running = useRef<AbortController>(undefined);

  const compute = useCallback(async (): Promise<void> => {
    const world = await readWorld(desk, siteId, day);
    setPlan(world === undefined ? null : planVisit(world));
  }, [desk, siteId, day]);
  useEffect(() => {
    compute().catch(setTrouble);
    return () => running.current?.abort();
  }, [compute]);

  const fetchAll = async (): Promise<void> => {
    if (plan === null || plan === undefined || running.current !== undefined) return;
    const controller = new AbortController();
    running.current = controller;
    setTrouble(undefined);
    try {
      await fetchWanted(desk, plan, setProgress, controller.signal);
    } catch (thrown) {
      if (!controller.signal.aborted) setTrouble(thrown);
    } finally {
      running.current = undefined;
      setProgress(undefined);
      await compute();
    }
  };
  return { plan, progress, trouble, fetchAll, stop: () => running.current?.abort() };
}

/** Facts first, they are small and tell most; then the attachments, small ones before large ones. */
async function fetchWanted(
  { host, store }: Desk,
  { toFetch }: VisitPlan,
  onProgress: (progress: VisitProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const total = toFetch.entities.length + toFetch.blobs.length;
  const startedAt = performance.now();
  let done = 0;
  let bytes = 0;
  const tell = (): void => {
    const seconds = (performance.now() - startedAt) / 1000;
    const secondsLeft = bytes === 0 ? null : ((toFetch.bytes - bytes) * seconds) / bytes;
    onProgress({ done, total, bytes, totalBytes: toFetch.bytes, secondsLeft });
  };
  tell();
  for (const key of toFetch.entities) {
    await fetchEntity(host, store, key, signal);
    done++;
    tell();
  }
  for (const { sha256, size } of [...toFetch.blobs].sort((a, b) => a.size - b.size)) {
    signal.throwIfAborted();
    await host.blobs.fetch({ sha256 }, { signal });
    done++;
    bytes += size;
    tell();
  }
}
