import '#renderer/host/no-eval.ts';
import { newId } from '#renderer/app/desk.ts';
import { openStore, type StoreClient } from '#renderer/db/open-store.ts';
import { connectHost } from '#renderer/host/connect.ts';
import { runEngine } from '#renderer/sync/engine.ts';
import type { FoldedRow } from '#shared/domain/projection.ts';
import type { EventDraft } from '#shared/events/envelope.ts';
import type { Workspace } from '#shared/host/app.ts';
import { errorCode } from '#shared/host/errors.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import { Writer } from './writer.ts';
import type { Answer, TorturePage } from './told.ts';

/**
 * The product's own way of a fact without its screens: host, journal, store and engine, wired as the application wires them.
 * What the person would do (log in again, try again what failed) is done here at once.
 */
const link = connectHost();
const troubles: string[] = [];
let workspace: Workspace | undefined;
let store: StoreClient | undefined;
let status: SyncStatus | undefined;
let writer: Writer | undefined;
let isJournalRead = false;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function open(serverUrl: string, user: string, seed: string): Promise<Workspace> {
  let info = await link.client.app.info({});
  if (info.workspace === null)
    info = await link.client.app.connectServer({
      url: serverUrl,
      user,
      password: 'demo',
      deviceName: 'torture',
    });
  if (info.workspace === null) throw new Error('The host made no workspace.');
  workspace = info.workspace;
  ({ client: store } = await openStore(workspace.workspaceId, link.client.app.cacheKey({})));
  writer = new Writer(link.client, store, workspace, seed, window.torturer);
  let running: AbortController | undefined;
  link.onState((state) => {
    running?.abort();
    running = undefined;
    if (state !== 'open') return;
    running = new AbortController();
    void engine(running.signal);
    void followStatus(running.signal);
  });
  return workspace;
}

async function engine(signal: AbortSignal): Promise<void> {
  if (store === undefined || workspace === undefined) return;
  const events = {
    onJournalRead: () => {
      isJournalRead = true;
    },
    onBootstrap: () => undefined,
    onRebuild: () => undefined,
    onTrouble: (thrown: unknown) => note('engine', thrown),
  };
  // As in the application: it ends when the connection to the host does.
  await runEngine(link.client, store, events, signal, { homeScope: `region/${workspace.homeRegion}` }).catch(
    (thrown: unknown) => {
      if (!signal.aborted) note('engine ended', thrown);
    },
  );
}

/** Tries until it is done: nothing tells that a server that could not be reached is there again. */
async function logIn(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await link.client.app.login({ password: 'demo' });
      return;
    } catch (thrown) {
      note('login', thrown);
      await pause(500);
    }
  }
}

/** Logs in again when that is wanted, as the person would. */
async function followStatus(signal: AbortSignal): Promise<void> {
  try {
    for await (const next of link.client.sync.status({}, { signal })) {
      status = next;
      if (next.state === 'needsLogin') await logIn(signal);
    }
  } catch (thrown) {
    if (!signal.aborted) note('status', thrown);
  }
}

function note(where: string, thrown: unknown): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  troubles.push(`${where}: ${errorCode(thrown) ?? ''} ${message}`);
  if (troubles.length > 50) troubles.shift();
}

function opened(): StoreClient {
  if (store === undefined) throw new Error('The page has not opened its store.');
  return store;
}

async function answer(): Promise<Answer> {
  const { items } = await link.client.sync.unsynced({});
  const blobs = await link.client.sync.unsentBlobs({});
  const position = await opened().position({});
  return {
    state: status?.state ?? 'unknown',
    lastError: status?.lastError ?? null,
    stuck: status?.stuck ?? null,
    isJournalRead,
    unsynced: items.map(({ event, state, verdict }) => ({
      id: event.id,
      type: event.type,
      state,
      code: (verdict !== null && 'code' in verdict ? verdict.code : undefined) ?? null,
    })),
    unsentBlobs: blobs.items.map(({ sha256, state, reason }) => ({ sha256, state, reason })),
    epoch: position.epoch,
    cursors: position.cursors,
    isBootstrapped: position.isBootstrapped,
    damaged: position.damaged,
    incomplete: (await opened().incomplete({})).keys,
    troubles: [...troubles],
  };
}

async function rows(keys: readonly string[]): Promise<(FoldedRow | undefined)[]> {
  const found: (FoldedRow | undefined)[] = [];
  for (const key of keys) found.push(await opened().row({ key }));
  return found;
}

async function tickets(): Promise<string[]> {
  const query = { view: 'all', userId: '', search: '', sort: 'newest', offset: 0, limit: 1_000_000 } as const;
  return (await opened().list(query)).items.map(({ key }) => key);
}

/** Takes the store's database away under the running page, as a browser that is short of space does. */
function deleteDatabase(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(`faultline-${workspace?.workspaceId}`);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error ?? new Error('not deleted')));
  });
}

/** Writes these facts, once; the error's code when that fails. */
async function append(drafts: readonly EventDraft[]): Promise<string | undefined> {
  try {
    const { events } = await link.client.journal.append({ drafts: [...drafts] });
    await opened().applyLocal({ events });
    return undefined;
  } catch (thrown) {
    return errorCode(thrown) ?? String(thrown);
  }
}

const page: TorturePage = {
  open,
  answer,
  rows,
  tickets,
  deleteDatabase,
  append,
  newId: async () => newId(),
  write: async (isWriting) => writer?.write(isWriting),
  now: async () => void (await link.client.sync.now({})),
  status: async () => status,
};
Object.assign(window, { torture: page });
