import { Buffer } from 'node:buffer';
import type { SafeStorage } from 'electron';
import { HostError } from '#shared/host/errors.ts';
import type { NativeSecretStore, SecretState } from './ports.ts';

export interface SecretStoreOptions {
  readonly safeStorage: Pick<
    SafeStorage,
    'encryptStringAsync' | 'decryptStringAsync' | 'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend'
  >;
  readonly platform: NodeJS.Platform;
  /** The back end that sealed the secrets on this laptop so far: kept, so that a change of desktop is noticed. */
  readonly remembered: { read(): Promise<string | undefined>; write(backend: string): Promise<void> };
}

/**
 * Linux without a key ring "encrypts" with a password that stands in
 * Chromium's source. `unknown` is what it says before it has looked.
 */
const PLAIN_TEXT = new Set(['basic_text', 'unknown']);

/** The operating system's key store as the vault wants it. It refuses where it could only pretend. */
export function createSecretStore({
  safeStorage,
  platform,
  remembered,
}: SecretStoreOptions): NativeSecretStore {
  const backendName = (): string =>
    platform === 'linux'
      ? safeStorage.getSelectedStorageBackend()
      : platform === 'darwin'
        ? 'keychain'
        : 'dpapi';

  const state = async (): Promise<SecretState> => {
    const isAvailable = await safeStorage.isAsyncEncryptionAvailable();
    const backend = backendName();
    if (PLAIN_TEXT.has(backend)) return { kind: 'unavailable', reason: 'plainTextOnly' };
    if (!isAvailable) return { kind: 'unavailable', reason: 'noKeyStore' };
    const before = await remembered.read();
    return before === undefined || before === backend
      ? { kind: 'os', backend }
      : { kind: 'os', backend, changedFrom: before };
  };

  const demandStore = async (): Promise<string> => {
    const now = await state();
    if (now.kind === 'os') return now.backend;
    throw new HostError(
      'vault.noKeyStore',
      'This computer offers no key store, so the secret was not written. Keep it for this session or use a passphrase.',
      { reason: now.reason },
    );
  };

  return {
    state,
    seal: async (secret) => {
      const backend = await demandStore();
      const sealed = await safeStorage.encryptStringAsync(secret);
      if ((await remembered.read()) !== backend) await remembered.write(backend);
      return new Uint8Array(sealed);
    },
    open: async (sealed) => {
      await demandStore();
      try {
        const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(sealed));
        return { secret: result, sealAgain: shouldReEncrypt };
      } catch (cause) {
        throw Object.assign(
          new HostError(
            'vault.cannotOpen',
            'The key store of this computer no longer opens the saved secret. Enter it again, or go back to the key store that was used before.',
          ),
          { cause },
        );
      }
    },
  };
}
