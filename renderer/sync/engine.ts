import type { ContractClient } from '#shared/host/define.ts';
import { errorCode } from '#shared/host/errors.ts';
import type { journalService } from '#shared/host/journal.ts';
import type { syncService } from '#shared/host/sync.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import type { StoreClient } from '../db/open-store.ts';
import { bootstrap, fetchScope } from './bootstrap.ts';
import { beginTurn, nextMove, type Move, type Outcome, type Repairs } from './plan.ts';
import { replayJournal, takeIn } from './replay-journal.ts';
import { Turns } from './turns.ts';
import { watchStore, type Patience } from './watch-store.ts';

/** The services of the host that keep the store up to date. */
export type EngineHost = Pick<
  ContractClient<{ journal: typeof journalService; sync: typeof syncService }>,
  'journal' | 'sync'
>;

export interface EngineEvents {
  /** The journal has been read: the store holds every fact born here that the journal still has. */
  readonly onJournalRead: () => void;
  /** How far a bootstrap is, in segments and in bytes; `undefined` when none is under way. */
  readonly onBootstrap: (progress: BootstrapProgress | undefined) => void;
  /** The workspace is not all here and cannot be fetched now; the next poke tries again. */
  readonly onBootstrapWaits?: () => void;
  readonly onRebuild: (isRebuilding: boolean) => void;
  /** The browser does not open its database; it is tried again and again, less and less often. */
  readonly onStoreClosed?: (isClosed: boolean) => void;
  /** Something went wrong that is not "offline": shown, tried again at the next poke. */
  readonly onTrouble: (thrown: unknown) => void;
}

export interface BootstrapProgress {
  readonly done: number;
  readonly total: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface EngineOptions extends Partial<Patience> {
  /** What the home screen shows: a bootstrap begins with it, and the application can be used when it is here. */
  readonly homeScope?: string;
}

/** What one catching up leaves for the next. */
export interface CatchUpMemory {
  repairs: Repairs;
  /** The store has been filled anew: it did not know what had left this laptop before. */
  isFilled?: boolean;
  /** It could not take in something that the journal told (there was no room, say): the journal is to be read again. */
  isBehind?: boolean;
}

/** Codes that mean "later", not "wrong". */
const LATER = new Set([
  'sync.offline',
  'sync.needsLogin',
  'sync.demo',
  'sync.otherVersion',
  // The line was lost in the middle of a pull: nothing was applied, and the next poke pulls again.
  'sync.cutOff',
  'host.unavailable',
  'host.cancelled',
]);

/** Of these: what is over when the server is back, or the user has logged in. */
const WAITS_FOR_SERVER = new Set(['sync.offline', 'sync.needsLogin', 'sync.otherVersion', 'sync.cutOff']);

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
  options: EngineOptions = {},
): Promise<void> {
  const turns = new Turns(signal);
  const memory: CatchUpMemory = { repairs: {} };
  const catchUpNow: CatchUp = (mine) => catchUp(host, store, events, mine, options, memory);
  await Promise.all([
    followJournal(host, store, events, signal, {
      onRead: () => {
        // The journal may have told of what left long ago; a pull finds it out.
        if (memory.isFilled === true) void turns.take(catchUpNow);
      },
      onMissed: () => {
        memory.isBehind = true;
      },
    }),
    followServer(host, turns, catchUpNow, signal),
    watchStore(host, store, events, turns, catchUpNow, signal, options),
  ]);
}

/** Brings the store up to what the server has. */
export type CatchUp = (signal: AbortSignal) => Promise<void>;

async function followJournal(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
  { onRead, onMissed }: { readonly onRead: () => void; readonly onMissed: () => void },
): Promise<void> {
  for await (const item of host.journal.follow({ replay: true }, { signal })) {
    if (item.k === 'live') {
      events.onJournalRead();
      onRead();
    } else {
      try {
        await takeIn(store, item);
      } catch (thrown) {
        // The fact is in the journal; the store is behind, and reads it again with the next turn or when it is rebuilt.
        onMissed();
        if (errorCode(thrown) !== 'store.lost') events.onTrouble(thrown);
      }
    }
  }
}

async function followServer(
  host: EngineHost,
  turns: Turns,
  catchUpNow: CatchUp,
  signal: AbortSignal,
): Promise<void> {
  for await (const _ of host.sync.pokes({}, { signal })) await turns.take(catchUpNow);
}

/** Bootstraps if need be, pulls until there is no more, and mends what turns out to be wrong: see plan.ts. */
export async function catchUp(
  host: EngineHost,
  store: StoreClient,
  events: EngineEvents,
  signal: AbortSignal,
  options: EngineOptions = {},
  memory: CatchUpMemory = { repairs: {} },
): Promise<void> {
  let turn = beginTurn(memory.repairs);
  let outcome: Outcome = { k: 'began' };
  try {
    if (memory.isBehind === true) {
      memory.isBehind = false;
      await replayJournal(host, store, signal).catch((thrown: unknown) => {
        memory.isBehind = true;
        outcomeOf(thrown);
      });
    }
    while (!signal.aborted) {
      const next = nextMove(turn, await store.position({}), outcome);
      turn = next.turn;
      memory.repairs = turn.repairs;
      if (next.move.do === 'rest') return;
      outcome = await make(next.move).catch((thrown: unknown) => outcomeOf(thrown));
    }
  } catch (thrown) {
    // The store was taken away while it was asked where it stands.
    outcomeOf(thrown);
  }

  function outcomeOf(thrown: unknown): Outcome {
    const code = errorCode(thrown);
    if (code === 'sync.otherEpoch') return { k: 'otherEpoch' };
    if (code === 'store.pagesGone') return { k: 'pagesGone' };
    // A store that was taken away is being refilled by somebody else's turn.
    if (code === 'store.lost') return { k: 'storeLost' };
    if (!signal.aborted && (code === undefined || !LATER.has(code))) events.onTrouble(thrown);
    return { k: 'failed' };
  }

  async function make(move: Move): Promise<Outcome> {
    switch (move.do) {
      case 'bootstrap':
        try {
          await bootstrap(host, store, events, signal, options);
        } catch (thrown) {
          const code = errorCode(thrown);
          // A demo has nothing to wait for; a host that is gone says so itself.
          if (code !== undefined && WAITS_FOR_SERVER.has(code)) events.onBootstrapWaits?.();
          throw thrown;
        }
        memory.isFilled = true;
        break;
      case 'fetchScope':
        await fetchScope(host, store, move.scope, signal);
        if (move.mismatch !== undefined) await host.sync.reportRepair(move.mismatch);
        break;
      case 'pull':
        return pull(host, store, signal);
      case 'replay':
        await replayJournal(host, store, signal);
        break;
      case 'complete':
        await completeRows(host, store, signal);
        break;
      case 'compact':
        await store.compact({});
        break;
      case 'rest':
        break;
    }
    return { k: 'done' };
  }
}

async function pull(host: EngineHost, store: StoreClient, signal: AbortSignal): Promise<Outcome> {
  const { epoch, cursors } = await store.position({});
  const lines: PullLine[] = [];
  for await (const batch of host.sync.pull({ epoch, cursors: { ...cursors } }, { signal }))
    lines.push(...batch.lines);
  const end = lines.find((line) => line.k === 'end');
  if (end === undefined) return { k: 'cutOff' };
  await observeStamps(host, lines);
  return { k: 'pulled', more: end.more, pull: await store.applyPull({ lines }) };
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
  for (const key of (await store.incomplete({})).keys) {
    const lines = await factsOf(host, key, signal);
    await observeStamps(host, lines);
    await store.applyEntity({ key, lines });
  }
}

/** Brings all facts of a cold ticket here that somebody opens. One that the server does not know yet stays as it is. */
export async function fetchEntity(
  host: EngineHost,
  store: StoreClient,
  key: string,
  signal?: AbortSignal,
): Promise<void> {
  const lines = await factsOf(host, key, signal);
  if (lines.length === 0) return;
  await observeStamps(host, lines);
  await store.applyEntity({ key, lines });
}

async function factsOf(host: EngineHost, key: string, signal: AbortSignal | undefined): Promise<PullLine[]> {
  const lines: PullLine[] = [];
  for await (const batch of host.sync.entity({ key }, { signal })) lines.push(...batch.lines);
  return lines.filter((line) => line.k === 'event');
}
