import type { HostPorts, WorkerName, WorkerProcess } from '../services/host/ports.ts';
import type { SecretStore } from '../services/vault/secret-store.ts';
import type { Transport } from '#shared/host/messages.ts';

/**
 * The seam between this folder and the host. No module of the shell but boot,
 * main and preload imports electron at run time: each gets the part of
 * Electron's API it needs passed in, so that its tests run on plain Node.
 */
export type { WorkerName, WorkerProcess };

/** What the operating system's key store can do for us now, and why it cannot. */
export type SecretState =
  | {
      readonly kind: 'os';
      readonly backend: string;
      /** The back end that sealed earlier secrets, when it was another one: those may not open any more. */
      readonly changedFrom?: string;
    }
  | { readonly kind: 'unavailable'; readonly reason: 'noKeyStore' | 'plainTextOnly' };

/**
 * The vault's port, filled by the operating system's key store.
 * `seal` throws HostError `vault.noKeyStore` when the state is `unavailable`;
 * `open` the same, and `vault.cannotOpen` when the key is another one by now.
 */
export interface NativeSecretStore extends SecretStore {
  state(): Promise<SecretState>;
}

export type ExternalVerdict = Awaited<ReturnType<HostPorts['openExternal']>>;

/** What the shell lends to the host, and what only the desktop has. */
export interface ShellPorts extends HostPorts {
  readonly secrets: NativeSecretStore;
  notify(notice: { readonly title: string; readonly body: string; readonly link?: string }): void;
  checkForUpdate(): Promise<UpdateState>;
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
