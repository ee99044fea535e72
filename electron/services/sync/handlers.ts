import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceHandlers } from '#shared/host/define.ts';
import type { SyncStatus, syncService, Unsynced } from '#shared/host/sync.ts';
import type { Journal } from '../journal/journal.ts';
import { holdBack } from './plan-push.ts';
import type { SyncEngine } from './sync-engine.ts';
import { SyncError } from './sync-error.ts';
import { Pokes } from './pokes.ts';

/** What the open workspace has; without a server there is no engine. */
export interface SyncWorkspace {
  readonly journal: Journal;
  readonly engine: SyncEngine | undefined;
  readonly openedAt: string;
}

export interface SyncHandlersOptions {
  /** @throws HostError `app.noWorkspace`. */
  readonly workspace: () => SyncWorkspace;
  /** Where exports go. */
  readonly exportDir: string;
  readonly nowMs: () => number;
}

/** Sync as screens see it. */
export function createSyncHandlers({
  workspace,
  exportDir,
  nowMs,
}: SyncHandlersOptions): ServiceHandlers<typeof syncService> {
  const engine = (): SyncEngine => {
    const { engine } = workspace();
    if (engine === undefined) throw new SyncError('sync.demo', 'The demo workspace has no server.');
    return engine;
  };
  const lines = async function* <T>(batches: AsyncIterable<T[]>): AsyncGenerator<{ lines: T[] }> {
    for await (const batch of batches) yield { lines: batch };
  };
  return {
    status: (_, { signal }) => {
      const open = workspace();
      return open.engine === undefined
        ? standStill(demoStatus(open), signal)
        : open.engine.changes.watch(() => engine().status(), signal);
    },
    pokes: (_, { signal }) => (workspace().engine?.pokes ?? new Pokes()).listen(signal),
    pull: ({ epoch, cursors }, { signal }) => lines(engine().pull(epoch, cursors, signal)),
    bootstrap: (_, { signal }) => engine().once((client, ours) => client.bootstrap(ours), signal),
    segment: async ({ sha256 }, { signal }) => ({
      bytes: await engine().once((client, ours) => client.segment(sha256, ours), signal),
    }),
    entity: ({ key }, { signal }) => lines(engine().entity(key, signal)),
    now: async () => {
      workspace().engine?.now();
      return {};
    },
    setOffline: async ({ offline }) => {
      engine().setOffline(offline);
      return {};
    },
    unsynced: async () => ({ items: unsyncedOf(workspace()) }),
    release: async ({ eventId }) => {
      const { journal } = workspace();
      const item = journal.outbox().find(({ event }) => event.id === eventId);
      if (item?.state !== 'refused')
        throw new SyncError('sync.notRefused', 'The server has not refused this, so it cannot be given up.');
      await journal.release([eventId]);
      return {};
    },
    exportUnsynced: async () => {
      const items = unsyncedOf(workspace());
      await mkdir(exportDir, { recursive: true });
      const path = join(
        exportDir,
        `faultline-unsynced-${new Date(nowMs()).toISOString().replaceAll(/[:.]/g, '-')}.ndjson`,
      );
      await writeFile(path, items.map((item) => `${JSON.stringify(item)}\n`).join(''), {
        mode: 0o600,
        flush: true,
      });
      return { path, events: items.length };
    },
  };
}

/** In a demo nothing waits: there is nobody to send it to. */
function unsyncedOf({ journal, engine }: SyncWorkspace): Unsynced[] {
  return engine === undefined
    ? []
    : holdBack(journal.outbox()).map(({ event, verdict, state }) => ({ event, verdict, state }));
}

function demoStatus({ openedAt }: SyncWorkspace): SyncStatus {
  return {
    state: 'demo',
    since: openedAt,
    offlineByChoice: false,
    unsynced: 0,
    unsentBlobs: 0,
    refused: 0,
    oldestPendingAt: null,
    lastSyncedAt: null,
    lastError: null,
  };
}

/** One item, and then nothing until nobody listens any more. */
async function* standStill<T>(item: T, signal: AbortSignal): AsyncGenerator<T> {
  yield item;
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
