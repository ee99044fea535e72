import type { Journal } from '#electron/services/journal/journal.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import type { storeContract } from '#renderer/db/store-contract.ts';
import { createStoreHandlers } from '#renderer/db/store-handlers.ts';
import type { EngineHost } from '#renderer/sync/engine.ts';
import type { CallOptions, ContractHandlers, ServiceHandlers } from '#shared/host/define.ts';
import type { JournalItem, journalService } from '#shared/host/journal.ts';
import type { syncService } from '#shared/host/sync.ts';
import type { Activity } from './activity.ts';
import type { FaultyDisk } from './faulty-disk.ts';
import { Crashed, type Life, type Port } from './life.ts';

/** How the simulation moves the page's loop. */
export interface Drive {
  /** There may be something to pull. Passed over while a pull is under way. */
  poke(): void;
}

export interface HostSideOptions {
  readonly journal: Journal;
  readonly activity: Activity;
}

const WRITES = /^(apply|stage|adopt)/;
const NEVER = new AbortController().signal;
const context = (options: CallOptions | undefined) => ({ signal: options?.signal ?? NEVER });

/** The host's real handlers as the page calls them; following and pulling tell when they have nothing to do. */
export function connectHost(
  journal: ServiceHandlers<typeof journalService>,
  sync: ServiceHandlers<typeof syncService>,
  options: HostSideOptions,
): { host: EngineHost; drive: Drive } {
  const { activity } = options;
  let wake: (() => void) | undefined;
  const drive: Drive = {
    poke: () => {
      if (wake === undefined) return;
      activity.enter();
      wake();
      wake = undefined;
    },
  };
  const pokes = async function* (signal: AbortSignal): AsyncGenerator<{ reason: 'poke' }> {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      if (signal.aborted) return;
      try {
        yield { reason: 'poke' };
      } finally {
        activity.leave();
      }
    }
  };
  const host = {
    journal: {
      append: (input, o) => journal.append(input, context(o)),
      takeNumber: (input, o) => journal.takeNumber(input, context(o)),
      follow: (input, o) => watched(() => journal.follow(input, context(o)), options),
      observe: (input, o) => journal.observe(input, context(o)),
      problems: (input, o) => journal.problems(input, context(o)),
    },
    sync: {
      status: (input, o) => sync.status(input, context(o)),
      pokes: (_, o) => pokes(context(o).signal),
      pull: (input, o) => sync.pull(input, context(o)),
      bootstrap: (input, o) => sync.bootstrap(input, context(o)),
      segment: (input, o) => sync.segment(input, context(o)),
      entity: (input, o) => sync.entity(input, context(o)),
      now: (input, o) => sync.now(input, context(o)),
      setOffline: (input, o) => sync.setOffline(input, context(o)),
      unsynced: (input, o) => sync.unsynced(input, context(o)),
      release: (input, o) => sync.release(input, context(o)),
      exportUnsynced: (input, o) => sync.exportUnsynced(input, context(o)),
    },
  } as EngineHost;
  return { host, drive };
}

/** Follows the journal; busy from a record on until the page has dealt with it. */
async function* watched(
  follow: () => AsyncIterable<JournalItem>,
  { journal, activity }: HostSideOptions,
): AsyncGenerator<JournalItem> {
  let owed = 1;
  activity.enter();
  const settle = (): void => {
    owed--;
    activity.leave();
  };
  const stop = journal.onRecord(({ k }) => {
    if (k !== 'events' && k !== 'verdicts') return;
    owed++;
    activity.enter();
  });
  let isLive = false;
  try {
    for await (const item of follow()) {
      yield item;
      isLive ||= item.k === 'live';
      if (isLive) settle();
    }
  } finally {
    stop();
    for (let left = owed; left > 0; left--) settle();
  }
}

/**
 * The real store as the page calls it, on a database in memory; the power can go before and after each write, and
 * what it would write does not fit while the laptop's disk is full.
 * @param movesCursorFirst the planted fault: the cursor of a pull is written before its facts.
 */
export function connectStore(
  name: string,
  now: () => number,
  { life, disk }: { life: Life; disk: FaultyDisk },
  movesCursorFirst: boolean,
): StoreClient {
  const { store } = createStoreHandlers(name, now) as ContractHandlers<typeof storeContract>;
  const mortal = async <T>(port: Port, work: () => Promise<T>): Promise<T> => {
    life.step(port);
    if (disk.isFull) throw new DOMException('The disk is full.', 'QuotaExceededError');
    const result = await work();
    life.step(port);
    return result;
  };
  const whileAlive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (life.isOver) throw new Crashed();
    return work();
  };
  const client: Record<string, unknown> = {};
  for (const [method, handler] of Object.entries(store)) {
    const handle = handler as (input: unknown, call: { signal: AbortSignal }) => Promise<unknown>;
    client[method] =
      method === 'changes'
        ? (input: unknown, o?: CallOptions) => handle(input, context(o))
        : (input: unknown, o?: CallOptions) =>
            WRITES.test(method)
              ? mortal(method === 'applyLocal' ? 'ownFacts' : 'news', () => handle(input, context(o)))
              : whileAlive(() => handle(input, context(o)));
  }
  const connected = client as unknown as StoreClient;
  if (!movesCursorFirst) return connected;
  return {
    ...connected,
    applyPull: async (input) => {
      await connected.applyPull({ lines: input.lines.filter(({ k }) => k === 'head' || k === 'end') });
      return connected.applyPull(input);
    },
  };
}
