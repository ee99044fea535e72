import type { Capabilities } from '#shared/host/app.ts';
import type { Transport } from '#shared/host/messages.ts';

/**
 * The seam between this folder and the host. Nothing here imports electron at
 * run time: every module of the shell gets the part of Electron's API it needs
 * passed in, so that its tests run on plain Node.
 */
export const WORKER_NAMES = ['sessions', 'indexer', 'reports'] as const;
export type WorkerName = (typeof WORKER_NAMES)[number];

/** One worker in a process of its own. Messages are structured data, in order. */
export interface WorkerProcess {
  readonly transport: Transport;
  /** Called once with the exit code; 0 when it ended by itself. */
  onExit(listener: (code: number) => void): void;
  kill(): void;
}

/** What the operating system's key store can do for us now. */
export type SecretState =
  | {
      readonly kind: 'os';
      readonly backend: string;
      /** The back end that sealed earlier secrets, when it was another one: those may not open any more. */
      readonly changedFrom?: string;
    }
  | { readonly kind: 'unavailable'; readonly reason: 'noKeyStore' | 'plainTextOnly' };

/** Seals secrets with the operating system's key store. Never falls back to plain text. */
export interface SecretStore {
  state(): Promise<SecretState>;
  /** @throws HostError `vault.noKeyStore` when the state is `unavailable`. */
  seal(secret: string): Promise<Uint8Array>;
  /** @throws HostError `vault.noKeyStore`, or `vault.cannotOpen` when the key is another one by now. */
  open(sealed: Uint8Array): Promise<{ readonly secret: string; readonly sealAgain: boolean }>;
}

export type ExternalVerdict = 'opened' | 'declined' | 'refused';

/** What the shell lends to the host. */
export interface ShellPorts {
  readonly paths: {
    readonly data: string;
    /** Fonts and other files that come with the application. */
    readonly resources: string;
    readonly downloads: string;
  };
  readonly version: string;
  readonly secrets: SecretStore;
  readonly capabilities: Capabilities;
  /** @param settings structured data for the worker's entry, such as the folders it works in. */
  spawnWorker(name: WorkerName, settings?: Readonly<Record<string, unknown>>): WorkerProcess;
  openExternal(address: string): Promise<ExternalVerdict>;
  /** The file or folder a person chose, `undefined` when none. */
  choosePath(what: PathQuestion): Promise<string | undefined>;
  notify(notice: { readonly title: string; readonly body: string; readonly link?: string }): void;
  checkForUpdate(): Promise<UpdateState>;
}

export interface PathQuestion {
  readonly kind: 'openFile' | 'openFolder' | 'saveFile';
  readonly title: string;
  readonly defaultPath?: string;
}

export type UpdateState =
  | { readonly kind: 'current'; readonly version: string }
  | { readonly kind: 'available'; readonly version: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The part of a host that the shell drives. */
export interface ShellHost {
  /** Serves the contract over one transport until it closes. */
  attach(transport: Transport): void;
  /** Ends sessions and writes what is under way; the shell waits for it, but not for ever. */
  close(): Promise<void>;
}

export type CreateHost = (ports: ShellPorts) => Promise<ShellHost> | ShellHost;
