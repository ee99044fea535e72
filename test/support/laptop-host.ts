import { join } from 'node:path';
import { createHost, type Host } from '#electron/services/host/create-host.ts';
import type { HostPorts } from '#electron/services/host/ports.ts';
import { spawnWorkerThread } from '#electron/services/host/spawn-worker-thread.ts';
import { noSecretStore, type SecretStore } from '#electron/services/vault/secret-store.ts';
import type { SyncStatus } from '#shared/host/sync.ts';

export const context = { signal: new AbortController().signal };

/** A key store of an operating system, for tests: it seals with nothing but is one for the vault. */
export const osStore: SecretStore = {
  state: async () => ({ kind: 'os' }),
  seal: async (secret) => Buffer.from(secret, 'utf8').map((byte) => byte ^ 0x5a),
  open: async (sealed) => ({
    secret: Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString('utf8'),
    sealAgain: false,
  }),
};

/** A whole host of one laptop, without a window: its data lie in `dir/<name>`, exports in `dir/<name>-exports`. */
export function openLaptop(dir: string, name: string, change: Partial<HostPorts> = {}): Promise<Host> {
  return createHost({
    paths: { data: join(dir, name), resources: dir, downloads: join(dir, `${name}-exports`) },
    version: '0.1.0',
    hostKind: 'browser',
    capabilities: {
      nativeMenu: false,
      nativeDialogs: false,
      safeStorage: false,
      openExternal: false,
      notifications: false,
      autoUpdate: false,
    },
    secrets: noSecretStore,
    spawnWorker: spawnWorkerThread,
    openExternal: async () => 'refused',
    choosePath: async () => undefined,
    syncTiming: { firstPauseMs: 20, longestPauseMs: 100 },
    ...change,
  });
}

/** Waits until the laptop's sync says so. */
export async function untilStatus(
  { handlers }: Host,
  condition: (status: SyncStatus) => boolean,
): Promise<SyncStatus> {
  for await (const status of handlers.sync.status({}, context)) if (condition(status)) return status;
  throw new Error('The status ended first.');
}

export const isSettled = ({ state, unsynced, unsentBlobs }: SyncStatus): boolean =>
  state === 'online' && unsynced === 0 && unsentBlobs === 0;
