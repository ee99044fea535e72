import { randomBytes } from 'node:crypto';
import { readEvent } from '#shared/domain/registry.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import type { ServiceHandlers } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import type { ReconnectPreview, SyncStatus, syncService } from '#shared/host/sync.ts';
import type { Journal } from '../journal/journal.ts';
import { Pokes } from './pokes.ts';
import { RepairLog } from './repair-log.ts';
import type { SyncEngine } from './sync-engine.ts';
import { SyncError } from './sync-error.ts';

/** What the open workspace has; without a server there is no engine. */
export interface SyncWorkspace {
  readonly journal: Journal;
  readonly engine: SyncEngine | undefined;
  readonly openedAt: string;
}

/** What other parts of the host do: bundles, and the certificates that are trusted. */
export type SyncHandlerParts = Pick<
  ServiceHandlers<typeof syncService>,
  'exportBundle' | 'importBundle' | 'trustedCas' | 'addCa' | 'removeCa'
>;

export interface SyncHandlersOptions {
  /** @throws HostError `app.noWorkspace`. */
  readonly workspace: () => SyncWorkspace;
  readonly nowMs: () => number;
  readonly parts?: SyncHandlerParts | undefined;
  readonly repairs?: RepairLog | undefined;
  /** Ids of new facts. */
  readonly newId?: (() => string) | undefined;
}

/** Sync as screens see it. */
export function createSyncHandlers(options: SyncHandlersOptions): ServiceHandlers<typeof syncService> {
  const { workspace, nowMs, parts = WITHOUT_PARTS, repairs = new RepairLog() } = options;
  const newId = options.newId ?? (() => uuidV7(nowMs(), randomBytes(10)));
  const engine = (): SyncEngine => {
    const { engine } = workspace();
    if (engine === undefined) throw new SyncError('sync.demo', 'The demo workspace has no server.');
    return engine;
  };
  const lines = async function* <T>(batches: AsyncIterable<T[]>): AsyncGenerator<{ lines: T[] }> {
    for await (const batch of batches) yield { lines: batch };
  };
  return {
    ...parts,
    status: (_, { signal }) => {
      const open = workspace();
      return open.engine === undefined
        ? standStill(demoStatus(open), signal)
        : open.engine.changes.watch(() => engine().status(), signal);
    },
    pokes: (_, { signal }) => (workspace().engine?.pokes ?? new Pokes()).listen(signal),
    pull: ({ epoch, cursors }, { signal }) => lines(engine().pull(epoch, cursors, signal)),
    bootstrap: ({ scope }, { signal }) => engine().bootstrap(signal, scope),
    segment: async ({ sha256, left }, { signal }) => ({
      bytes: await engine().segment(sha256, signal, left),
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
    // In a demo nothing waits: there is nobody to send it to.
    unsynced: async () => ({ items: workspace().engine?.unsynced() ?? [] }),
    release: async ({ eventId }) => {
      const { journal } = workspace();
      if (!journal.isRefused(eventId)) throw notRefused();
      await journal.release([eventId]);
      return {};
    },
    resend: async ({ eventId, data }) => ({
      event: await resend(workspace().journal, newId(), eventId, data),
    }),
    unsentBlobs: async () => ({ items: (await workspace().engine?.unsentBlobs()) ?? [] }),
    preview: async () => (await workspace().engine?.preview()) ?? DEMO_PREVIEW,
    setMetered: async ({ mode }) => {
      engine().setMetered(mode);
      return {};
    },
    dropCarried: async () => ({ events: (await workspace().engine?.dropCarried()) ?? 0 }),
    noteDeniedSeen: async () => {
      await workspace().engine?.noteDeniedSeen();
      return {};
    },
    reportRepair: async (repair) => {
      repairs.note({ ...repair, at: new Date(nowMs()).toISOString() });
      return {};
    },
  };
}

/** A corrected fact in the place of a refused one. */
async function resend(journal: Journal, id: string, eventId: string, data: Record<string, unknown>) {
  const refused = journal.outbox().find(({ event }) => event.id === eventId);
  if (refused?.state !== 'refused') throw notRefused();
  const { stream, scope, type, v } = refused.event;
  const reading = readEvent({ ...refused.event, data });
  if (reading.kind !== 'known') {
    const reason = reading.kind === 'malformed' ? reading.reason : `${type}: of a newer version`;
    throw new SyncError('sync.malformedFact', `This would be refused again: ${reason}`, { reason });
  }
  const event = await journal.replaceRefused(eventId, { id, stream, scope, type, v, data });
  if (event === undefined) throw notRefused();
  return event;
}

const notRefused = (): SyncError =>
  new SyncError('sync.notRefused', 'The server has not refused this, so it cannot be given up.');

const unsupported = async (): Promise<never> => {
  throw new HostError('host.unsupported', 'This host cannot do that.');
};

const WITHOUT_PARTS: SyncHandlerParts = {
  exportBundle: unsupported,
  importBundle: unsupported,
  trustedCas: async () => ({ cas: [] }),
  addCa: unsupported,
  removeCa: unsupported,
};

const DEMO_PREVIEW: ReconnectPreview = {
  facts: { count: 0, bytes: 0 },
  blobs: { count: 0, bytes: 0, heldByMetered: 0 },
  staying: [],
  seconds: null,
  needsLogin: false,
  lastSyncedAt: null,
};

function demoStatus({ openedAt }: SyncWorkspace): SyncStatus {
  return {
    state: 'demo',
    since: openedAt,
    offlineByChoice: false,
    metered: false,
    unsynced: 0,
    unsentBlobs: 0,
    refused: 0,
    quarantined: 0,
    oldestPendingAt: null,
    lastSyncedAt: null,
    lastError: null,
    nextTryAt: null,
    transfer: null,
    stuck: null,
    late: false,
    clock: null,
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
