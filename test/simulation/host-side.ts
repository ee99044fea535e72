import { COMPACTION } from '#renderer/db/compact.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import type { storeContract } from '#renderer/db/store-contract.ts';
import { createStoreHandlers } from '#renderer/db/store-handlers.ts';
import type { EngineHost } from '#renderer/sync/engine.ts';
import type { CallOptions, ContractHandlers, ServiceHandlers } from '#shared/host/define.ts';
import type { journalService } from '#shared/host/journal.ts';
import type { syncService } from '#shared/host/sync.ts';
import type { Activity } from './activity.ts';
import type { FaultyDisk } from './faulty-disk.ts';
import { Crashed, type Life, type Port } from './life.ts';

/** So small that the few tickets here are packed as well. */
const QUICKLY = { ...COMPACTION, rows: 3, pageRows: 4, lookEveryMs: 0 };
const WRITES = /^(apply|stage|adopt|compact)/;
const NEVER = new AbortController().signal;
const context = (options: CallOptions | undefined) => ({ signal: options?.signal ?? NEVER });

/** The host's real handlers as the page calls them. */
export function connectHost(
  journal: ServiceHandlers<typeof journalService>,
  sync: ServiceHandlers<typeof syncService>,
): EngineHost {
  return { journal: asClient(journal), sync: asClient(sync) } as unknown as EngineHost;
}

/** Handlers as their client would call them. */
function asClient(handlers: object): Record<string, (input: unknown, options?: CallOptions) => unknown> {
  type Handler = (input: unknown, call: { signal: AbortSignal }) => unknown;
  const entries = Object.entries(handlers) as [string, Handler][];
  return Object.fromEntries(
    entries.map(([name, handle]) => [name, (input: unknown, o?: CallOptions) => handle(input, context(o))]),
  );
}

/**
 * The real store as the page calls it, on a database in memory; the power can go before and after each write, and
 * what it would write does not fit while the laptop's disk is full.
 */
export function connectStore(
  name: string,
  now: () => number,
  { life, disk, activity }: { life: Life; disk: FaultyDisk; activity: Activity },
): StoreClient {
  const { store } = createStoreHandlers(name, now, { compaction: QUICKLY }) as ContractHandlers<
    typeof storeContract
  >;
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
            activity.during(method, () =>
              WRITES.test(method)
                ? mortal(method === 'applyLocal' ? 'ownFacts' : 'news', () => handle(input, context(o)))
                : whileAlive(() => handle(input, context(o))),
            );
  }
  return client as unknown as StoreClient;
}
