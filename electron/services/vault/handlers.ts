import type { ServiceHandlers } from '#shared/host/define.ts';
import type { vaultService } from '#shared/host/vault.ts';
import type { Vault } from './vault.ts';

/**
 * The vault as screens see it: no method answers a secret.
 * @param unlock counts failed tries, so that this is no way around the delays of the lock screen.
 */
export function createVaultHandlers(
  vault: Vault,
  unlock: (passphrase: string) => Promise<void>,
  onChanged: () => void,
): ServiceHandlers<typeof vaultService> {
  const changed = async (): Promise<{ state: Awaited<ReturnType<Vault['state']>> }> => {
    onChanged();
    return { state: await vault.state() };
  };
  return {
    state: async () => ({ state: await vault.state() }),
    list: async () => ({ credentials: vault.list() }),
    save: (credential) => vault.save(credential),
    remove: async ({ id }) => {
      await vault.remove(id);
      return {};
    },
    createPassphrase: async ({ passphrase }) => {
      await vault.createPassphrase(passphrase);
      return changed();
    },
    unlock: async ({ passphrase }) => {
      await unlock(passphrase);
      return changed();
    },
    lock: async () => {
      vault.lock();
      return changed();
    },
  };
}
