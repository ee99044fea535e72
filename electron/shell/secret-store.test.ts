import { describe, expect, it } from 'vitest';
import { createSecretStore, type SecretStoreOptions } from './secret-store.ts';

function store(given: {
  backend?: string;
  available?: boolean;
  platform?: NodeJS.Platform;
  before?: string;
  broken?: boolean;
}) {
  let remembered = given.before;
  const calls: string[] = [];
  const safeStorage: SecretStoreOptions['safeStorage'] = {
    isAsyncEncryptionAvailable: async () => given.available ?? true,
    getSelectedStorageBackend: () => (given.backend ?? 'gnome_libsecret') as never,
    encryptStringAsync: async (text) => {
      calls.push('encrypt');
      return Buffer.from([...text].toReversed().join(''));
    },
    decryptStringAsync: async (sealed) => {
      if (given.broken === true) throw new Error('bad decrypt');
      return { result: [...sealed.toString()].toReversed().join(''), shouldReEncrypt: true };
    },
  };
  const secrets = createSecretStore({
    safeStorage,
    platform: given.platform ?? 'linux',
    remembered: { read: async () => remembered, write: async (name) => void (remembered = name) },
  });
  return { secrets, calls, remembered: () => remembered };
}

describe('the key store of the operating system', () => {
  it('seals and opens, and remembers who sealed', async () => {
    const { secrets, remembered } = store({});
    const sealed = await secrets.seal('abc');
    expect(await secrets.open(sealed)).toEqual({ secret: 'abc', sealAgain: true });
    expect(remembered()).toBe('gnome_libsecret');
  });

  it.each(['basic_text', 'unknown'])(
    'never writes with the back end %s: its password is public',
    async (backend) => {
      const { secrets, calls, remembered } = store({ backend });
      expect(await secrets.state()).toEqual({ kind: 'unavailable', reason: 'plainTextOnly' });
      await expect(secrets.seal('abc')).rejects.toMatchObject({ code: 'vault.noKeyStore' });
      await expect(secrets.open(new Uint8Array(3))).rejects.toMatchObject({ code: 'vault.noKeyStore' });
      expect([calls, remembered()]).toEqual([[], undefined]);
    },
  );

  it('says so when there is none', async () => {
    expect(await store({ available: false }).secrets.state()).toEqual({
      kind: 'unavailable',
      reason: 'noKeyStore',
    });
  });

  it('notices that another back end sealed the secrets of this laptop', async () => {
    const { secrets } = store({ before: 'kwallet6' });
    expect(await secrets.state()).toEqual({
      kind: 'os',
      backend: 'gnome_libsecret',
      changedFrom: 'kwallet6',
    });
  });

  it('does not ask for the Linux back end elsewhere', async () => {
    expect(await store({ platform: 'darwin', backend: 'basic_text' }).secrets.state()).toEqual({
      kind: 'os',
      backend: 'keychain',
    });
    expect(await store({ platform: 'win32', backend: 'basic_text' }).secrets.state()).toEqual({
      kind: 'os',
      backend: 'dpapi',
    });
  });

  it('says that a secret opens no more, without its bytes', async () => {
    const { secrets } = store({ broken: true });
    await expect(secrets.open(new Uint8Array([1]))).rejects.toMatchObject({ code: 'vault.cannotOpen' });
  });
});
