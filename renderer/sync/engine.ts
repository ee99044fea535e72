import type { ContractClient } from '#shared/host/define.ts';
import { errorCode } from '#shared/host/errors.ts';
import type { journalService } from '#shared/host/journal.ts';
import type { syncService } from '#shared/host/sync.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import type { StoreClient } from '../db/open-store.ts';
import { Turns } from './turns.ts';

/** The services of the host that keep the store up to date. */
export type EngineHost = Pick<
  ContractClient<{ journal: typeof journalService; sync: typeof syncService }>,
  'journal' | 'sync'
>;

export interface EngineEvents {
  /** The journal has been read: the store holds every fact born here. */
  readonly onJournalRead: () => void;
  /** How far a bootstrap is; `undefined` when none is under way. */
  readonly onBootstrap: (progress: { done: number; total: number } | undefined) => void;
  readonly onRebuild: (isRebuilding: boolean) => void;
  /** Something went wrong that is not "offline": shown, tried again at the next poke. */
  readonly onTrouble: (thrown: unknown) => void;
}

/** Codes that mean "later", not "wrong". */
const LATER = new Set([
  'sync.offline',
  'sync.needsLogin',
  'sync.demo',
  'sync.otherVersion',
  'host.unavailable',
  'host.cancelled',
]);

/**
 * Keeps the store the image of journal and server until `signal` aborts. It
 * ends when the host is gone and is started again with the next connection;
 * everything it does may be repeated.
 */
export async function runEngine(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
): Promise<void> {
  const turns = new Turns(signal);
  await Promise.all([
    followJournal(host, store, events, signal),
    followServer(host, store, events, turns, signal),
    watchStore(host, store, events, turns, signal),
  ]);
}

async function followJournal(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
): Promise<void> {
  for await (const item of host.journal.follow({ replay: true }, { signal })) {
    if (item.k === 'live') {
      events.onJournalRead();
    } else {
      try {
        if (item.k === 'events') await store.applyLocal({ events: item.events });
        else await applyVerdicts(store, item.verdicts);
      } catch (thrown) {
        // The fact is in the journal; the store is behind and is rebuilt from it at the next start or reopening.
        if (errorCode(thrown) !== 'store.lost') events.onTrouble(thrown);
      }
    }
  }
}

async function applyVerdicts(
  store: StoreClient,
  verdicts: readonly { id: string; verdict: string }[],
): Promise<void> {
  const refused = verdicts.filter(({ verdict }) => verdict === 'refused').map(({ id }) => id);
  if (refused.length > 0) await store.applyRefusals({ eventIds: refused });
}

async function followServer(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  turns: Turns,
  signal: AbortSignal,
): Promise<void> {
  for await (const _ of host.sync.pokes({}, { signal })) {
    await turns.take((mine) => catchUp(host, store, events, mine));
  }
}

/** Bootstraps if need be, then pulls until there is no more. */
export async function catchUp(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (!(await store.position({})).isBootstrapped) await bootstrap(host, store, events, signal);
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      const { epoch, cursors } = await store.position({});
      const lines: PullLine[] = [];
      for await (const batch of host.sync.pull({ epoch, cursors: { ...cursors } }, { signal }))
        lines.push(...batch.lines);
      const end = lines.find((line) => line.k === 'end');
      if (end === undefined) return;
      await observeStamps(host, lines);
      await store.applyPull({ lines });
      hasMore = end.more;
    }
    await completeRows(host, store, signal);
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'sync.otherEpoch') await bootstrap(host, store, events, signal).catch(events.onTrouble);
    // A store that was taken away is being refilled by somebody else's turn.
    else if (!signal.aborted && code !== 'store.lost' && (code === undefined || !LATER.has(code))) {
      events.onTrouble(thrown);
    }
  }
}

async function bootstrap(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
): Promise<void> {
  const manifest = await host.sync.bootstrap({}, { signal });
  const pages = [...new Set(manifest.segments.map(({ sha256 }) => sha256))];
  const { hashes } = await store.missingPages({ hashes: pages });
  const missing = new Set(hashes);
  const wanted = manifest.segments.filter(({ sha256 }) => missing.delete(sha256));
  try {
    let done = pages.length - wanted.length;
    // The next segment travels while the last one is unpacked.
    let staging: Promise<unknown> = Promise.resolve();
    for (const { scope, sha256 } of wanted) {
      events.onBootstrap({ done, total: pages.length });
      const { bytes } = await host.sync.segment({ sha256 }, { signal });
      await staging;
      staging = store.stagePage({ scope, sha256, bytes: bytes as Uint8Array<ArrayBuffer> });
      staging.catch(() => undefined);
      done++;
    }
    await staging;
    if (manifest.latestHlc !== '') await host.journal.observe({ hlc: manifest.latestHlc });
    await store.adoptPages({
      position: { epoch: manifest.epoch, cursors: manifest.cursors, isBootstrapped: true, pages },
    });
  } finally {
    events.onBootstrap(undefined);
  }
}

/**
 * What is decided here next has to sort after what was seen. The clock moves before the facts are shown: a crash
 * between the two must not leave facts on the screen that the clock knows nothing of.
 */
async function observeStamps(host: EngineHost, lines: readonly PullLine[]): Promise<void> {
  const stamps = lines.flatMap((line) => (line.k === 'event' ? [line.event.hlc] : [])).sort();
  const latest = stamps.at(-1);
  if (latest !== undefined) await host.journal.observe({ hlc: latest });
}

async function completeRows(host: EngineHost, store: StoreClient, signal: AbortSignal): Promise<void> {
  for (const key of (await store.incomplete({})).keys) await fetchEntity(host, store, key, signal);
}

/** Brings all facts of one entity here: a cold ticket that somebody opens, or a row a late fact sorts into. */
export async function fetchEntity(
  host: EngineHost,
  store: StoreClient,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  const lines: PullLine[] = [];
  for await (const batch of host.sync.entity({ key }, { signal })) lines.push(...batch.lines);
  const facts = lines.flatMap((line) => (line.k === 'event' ? [line.event] : []));
  if (facts.length === 0) return;
  await observeStamps(host, lines);
  await store.applyEntity({ key, events: facts });
}

/** The browser can take the database away under the running app; journal and server can fill it again. */
async function watchStore(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  turns: Turns,
  signal: AbortSignal,
): Promise<void> {
  for await (const change of store.changes({}, { signal })) {
    if (!change.lost) continue;
    // Not waited for: a second loss has to end the refill that it made pointless.
    void turns.interrupt((mine) => refill(host, store, events, mine));
  }
}

async function refill(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
): Promise<void> {
  events.onRebuild(true);
  try {
    await store.reopen({});
    await replayJournal(host, store, signal);
    await catchUp(host, store, events, signal);
  } catch (thrown) {
    if (!signal.aborted) events.onTrouble(thrown);
  } finally {
    if (!signal.aborted) events.onRebuild(false);
  }
}

async function replayJournal(host: EngineHost, store: StoreClient, signal: AbortSignal): Promise<void> {
  for await (const item of host.journal.follow({ replay: true }, { signal })) {
    if (item.k === 'live') return;
    if (item.k === 'events') await store.applyLocal({ events: item.events });
    else await applyVerdicts(store, item.verdicts);
  }
}
