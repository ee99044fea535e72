import type { CarriedStore } from '../bundle/carried-store.ts';
import type { Journal } from '../journal/journal.ts';
import { AttachmentUploads } from '../sync/blob-uploads.ts';
import type { ServerClient } from '../sync/server-client.ts';
import { SyncEngine } from '../sync/sync-engine.ts';
import type { SyncMemory } from './sync-memory.ts';
import type { WorkspaceHolderOptions } from './workspace-holder-options.ts';

export interface EngineParts {
  readonly journal: Journal;
  readonly carried: CarriedStore;
  readonly client: ServerClient;
  /** What the server may ask of the laptop as a whole. */
  readonly identity: { becomeNewDevice(): Promise<void>; wipe(): Promise<void> };
}

/** The engine that keeps an open workspace in step with its server, with what is remembered of the last run. */
export async function makeEngine(
  { blobs, clock, random, timing, timers, dir, onFault }: WorkspaceHolderOptions,
  memory: SyncMemory,
  { journal, carried, client, identity }: EngineParts,
): Promise<SyncEngine<ServerClient>> {
  const remembered = await memory.read();
  return new SyncEngine({
    journal,
    blobs,
    client,
    clock,
    random,
    timing,
    timers,
    carried,
    uploads: new AttachmentUploads({
      sources: [journal, carried],
      blobs,
      client,
      clock,
      timers,
      file: dir.unfinishedUploads,
    }),
    identity,
    revokedMs: remembered.revokedMs,
    onRevoked: (revokedMs) => memory.remember({ revokedMs }),
    isOffline: remembered.offline,
    onOffline: (offline) => memory.remember({ offline }),
    metered: remembered.metered,
    onMeteredMode: (metered) => memory.remember({ metered }),
    keptClock: remembered.clock,
    onClock: (kept) => memory.remember({ clock: kept }),
    onFault: (thrown) => onFault?.('sync engine', thrown),
  });
}
