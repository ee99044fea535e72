import { createJournalHandlers } from '#electron/services/journal/handlers.ts';
import { createSyncHandlers } from '#electron/services/sync/handlers.ts';
import type { WorkspaceHolder } from '#electron/services/workspace/workspace-holder.ts';
import type { StoreClient } from '#renderer/db/open-store.ts';
import { runEngine, type EngineHost } from '#renderer/sync/engine.ts';
import type { Activity } from './activity.ts';
import type { FaultyDisk } from './faulty-disk.ts';
import { connectHost, connectStore } from './host-side.ts';
import type { Life } from './life.ts';

/** The page of an open workspace: its store, and the loop that keeps it up to date. */
export interface Page {
  readonly host: EngineHost;
  readonly store: StoreClient;
  readonly ended: Promise<unknown>;
}

interface Computer {
  readonly life: Life;
  readonly activity: Activity;
  readonly disk: FaultyDisk;
  readonly holder: WorkspaceHolder;
}

/** Opens the page as the shell does; it ends with the power. */
export function openPage(
  databaseName: string,
  { life, activity, disk, holder }: Computer,
  { nowMs, onTrouble }: { nowMs: () => number; onTrouble: (thrown: unknown) => void },
): Page {
  const host = connectHost(
    createJournalHandlers(() => {
      const { journal, workspace } = holder.demand();
      return { journal, deviceCode: workspace.deviceCode };
    }),
    createSyncHandlers({ workspace: () => holder.demand(), nowMs }),
  );
  const store = connectStore(databaseName, nowMs, { life, disk, activity });
  const nothing = (): void => undefined;
  const events = { onJournalRead: nothing, onBootstrap: nothing, onRebuild: nothing, onTrouble };
  return { host, store, ended: runEngine(host, store, events, life.ended).catch(onTrouble) };
}
