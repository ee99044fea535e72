import type { FoldedRow } from '#shared/domain/projection.ts';
import type { DomainEvent, EventDraft } from '#shared/events/envelope.ts';
import type { Workspace } from '#shared/host/app.ts';
import type { SyncStatus } from '#shared/host/sync.ts';

/** What the page tells to the outside, where no fault of the world reaches it. */
export interface Torturer {
  /** Before facts are written: after a crash they may be there or not. */
  attempt(drafts: readonly EventDraft[]): Promise<void>;
  /** The journal has answered: the screen would say "saved". */
  saved(events: readonly DomainEvent[]): Promise<void>;
  /** The blob store has answered. */
  kept(sha256: string): Promise<void>;
}

/** How a laptop stands. */
export interface Answer {
  readonly state: string;
  readonly lastError: { readonly code: string; readonly message: string } | null;
  readonly stuck: SyncStatus['stuck'];
  readonly isJournalRead: boolean;
  readonly unsynced: readonly { id: string; type: string; state: string; code: string | null }[];
  readonly unsentBlobs: readonly { sha256: string; state: string; reason: string | null }[];
  readonly epoch: string | null;
  readonly cursors: Readonly<Record<string, number>>;
  readonly isBootstrapped: boolean;
  readonly damaged: readonly string[];
  /** Rows that wait for all their facts from the server. */
  readonly incomplete: readonly string[];
  /** The last troubles that the screen would have shown. */
  readonly troubles: readonly string[];
}

/** What the page can be asked, under `window.torture`. */
export interface TorturePage {
  open(serverUrl: string, user: string, seed: string): Promise<Workspace>;
  answer(): Promise<Answer>;
  rows(keys: readonly string[]): Promise<(FoldedRow | undefined)[]>;
  tickets(): Promise<string[]>;
  deleteDatabase(): Promise<void>;
  append(drafts: readonly EventDraft[]): Promise<string | undefined>;
  newId(): Promise<string>;
  /** Facts without end, or none any more: resolves when the last one has been answered. */
  write(isWriting: boolean): Promise<void>;
  now(): Promise<void>;
  status(): Promise<SyncStatus | undefined>;
}

declare global {
  interface Window {
    readonly torture: TorturePage;
    readonly torturer: Torturer;
  }
}
