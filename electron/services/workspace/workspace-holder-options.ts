import type { Language } from '#shared/host/app.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Clock } from '../journal/clock.ts';
import type { Journal, JournalOptions } from '../journal/journal.ts';
import type { Timers } from '../sync/engine-ports.ts';
import type { SyncTiming } from '../sync/sync-engine.ts';
import type { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import type { Vault } from '../vault/vault.ts';
import type { DataDir } from './data-dir.ts';

/** What the workspace of a data folder works with. */
export interface WorkspaceHolderOptions {
  readonly dir: DataDir;
  readonly vault: Vault;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly trust: TrustingDispatcher;
  readonly seedDemo: (journal: Journal, about: { language: Language; deviceCode: string }) => Promise<void>;
  readonly timing?: Partial<SyncTiming> | undefined;
  /** Where a file goes with what a revoked device could not hand over. */
  readonly exportDir: string;
  /** Seals a text with the key store of the operating system; `undefined` where there is none. */
  readonly sealByOs: (text: string) => Promise<string | undefined>;
  /** Those of this process when not given. */
  readonly timers?: Timers | undefined;
  /** The real disk, in segments of the usual length, when not given. */
  readonly journalFiles?: Pick<JournalOptions, 'files' | 'segmentBytes'> | undefined;
  /** Told when workspace or access have changed by themselves. */
  readonly onChanged?: () => void;
  /** The keys are gone: what was derived from them is to be forgotten. */
  readonly onWiped?: () => void;
  readonly onFault?: ((where: string, thrown: unknown) => void) | undefined;
}
