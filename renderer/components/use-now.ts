import { useSyncExternalStore } from 'react';
import { presentMs } from './present-time.ts';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for everything that ticks, and none while nothing does. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const told of listeners) told();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present instant in epoch milliseconds, cut to a step, so that a screen is drawn anew only when the step is over. */
export function useNow(stepMs: number): number {
  return useSyncExternalStore(subscribe, () => cut(presentMs(), stepMs));
}

/** The same by this computer's own clock, right or wrong: for what the host noted by it, such as the next try. */
export function useLaptopNow(stepMs: number): number {
  return useSyncExternalStore(subscribe, () => cut(Date.now(), stepMs));
}

function cut(now: number, stepMs: number): number {
  return now - (now % stepMs);
}
