import { errorCode } from '#shared/host/errors.ts';
import type { StoreClient } from '../db/open-store.ts';
import type { CatchUp, EngineEvents, EngineHost } from './engine.ts';
import { replayJournal } from './replay-journal.ts';
import type { Turns } from './turns.ts';

/** Chance and time, from outside for tests. */
export interface Patience {
  /** In `[0, 1)`. */
  readonly random: () => number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** How long to wait after so many failures in a row, in milliseconds: twice as long each time, and by chance up to half less. */
export function pauseBeforeTry(failures: number, chance: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.5 + chance / 2);
}

/** The browser can take the database away under the running app; journal and server can fill it again. */
export async function watchStore(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  turns: Turns,
  catchUpNow: CatchUp,
  signal: AbortSignal,
  { random = Math.random, pause = waitFor }: Partial<Patience> = {},
): Promise<void> {
  let isOpening = false;
  // Not waited for: a second loss has to end the refill that it made pointless.
  const refill = (): void => void turns.interrupt(refillIn);
  const findClosed = async (): Promise<void> => {
    // What never opened tells no loss.
    if (!(await isOpen(store)) && !isOpening) refill();
  };
  void findClosed().catch((thrown: unknown) => {
    if (!signal.aborted) events.onTrouble(thrown);
  });
  for await (const change of store.changes({}, { signal })) {
    if (change.lost) {
      // Each try that fails is told as a loss again; the tries go on by themselves.
      if (!isOpening) refill();
    } else if (change.damaged) {
      void turns.take(catchUpNow);
    }
  }

  async function refillIn(mine: AbortSignal): Promise<void> {
    events.onRebuild(true);
    try {
      await open(mine);
      if (mine.aborted) return;
      await replayJournal(host, store, mine);
      await catchUpNow(mine);
    } catch (thrown) {
      if (!mine.aborted) events.onTrouble(thrown);
    } finally {
      if (!mine.aborted) events.onRebuild(false);
    }
  }

  async function open(mine: AbortSignal): Promise<void> {
    isOpening = true;
    try {
      for (let failures = 0; !mine.aborted; failures++) {
        if (failures === 1) events.onStoreClosed?.(true);
        if (failures > 0) await pause(pauseBeforeTry(failures, random()), mine);
        if (mine.aborted) return;
        await store.reopen({});
        if (!(await isOpen(store))) continue;
        if (failures > 0) events.onStoreClosed?.(false);
        return;
      }
    } finally {
      isOpening = false;
    }
  }
}

async function isOpen(store: StoreClient): Promise<boolean> {
  try {
    await store.position({});
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'store.lost') return false;
    throw thrown;
  }
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
