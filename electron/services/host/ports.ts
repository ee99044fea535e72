import type { Capabilities, Language } from '#shared/host/app.ts';
import type { Transport } from '#shared/host/messages.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal } from '../journal/journal.ts';
import type { SyncTiming } from '../sync/sync-engine.ts';
import type { SecretStore } from '../vault/secret-store.ts';

export type WorkerName = 'sessions' | 'indexer' | 'reports';

/** A worker outside this thread. Messages are structured data, in order. */
export interface WorkerProcess {
  readonly transport: Transport;
  /** Called once with the exit code, also when it has ended before. */
  onExit(listener: (code: number) => void): void;
  kill(): void;
}

/**
 * What the services need and only the surroundings have. Electron's shell and
 * the browser host each fill it in their way (`electron/shell/ports.ts` is the
 * shell's side of it).
 */
export interface HostPorts {
  readonly paths: {
    readonly data: string;
    readonly resources: string;
    readonly downloads: string;
  };
  readonly version: string;
  /** `desktop` if not said. */
  readonly hostKind?: 'desktop' | 'browser';
  readonly capabilities: Capabilities;
  readonly secrets: SecretStore;
  spawnWorker(name: WorkerName, settings?: Readonly<Record<string, unknown>>): WorkerProcess;
  openExternal(address: string): Promise<'opened' | 'declined' | 'refused'>;
  /** The file a person chose, `undefined` when none. */
  choosePath(what: {
    kind: 'openFile' | 'openFolder' | 'saveFile';
    title: string;
    defaultPath?: string;
  }): Promise<string | undefined>;
  /** Fills the journal of a new demo workspace. May run again after a crash: drafts with the same ids are kept once. */
  readonly seedDemo?: (journal: Journal, about: { language: Language; deviceCode: string }) => Promise<void>;
  readonly clock?: Clock;
  /** Between 0 and 1. */
  readonly random?: () => number;
  readonly syncTiming?: Partial<SyncTiming>;
  /** Told of faults that carry no code of ours; they belong into a log, not on a screen. */
  readonly onFault?: (where: string, thrown: unknown) => void;
}
