import { deriveKey, makePassphraseLock } from '#electron/services/vault/passphrase-key.ts';
import type { Vault } from '#electron/services/vault/vault.ts';
import type { Life } from './life.ts';

/** What opens the vaults of all laptops. */
export const PASSPHRASE = 'correct horse battery';
/** The least that a bundle may ask for: what it costs to guess is no question here. */
export const QUICK = { n: 2 ** 14, r: 1, p: 1 };
/** Made once: how long a key takes to be derived must not decide what happens first. */
const { lock, key } = await makePassphraseLock(PASSPHRASE, QUICK);

/** What a laptop's vault keeps sealed, without the seal: it outlives a crash, and what was said to be kept is kept. */
export class MemoryVault {
  readonly #kept: Map<string, string>;

  constructor(kept: Iterable<readonly [string, string]> = []) {
    this.#kept = new Map(kept);
  }

  /** As it is on a computer that got a copy of everything. */
  copy(): MemoryVault {
    return new MemoryVault(this.#kept);
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** The vault as one run of the laptop sees it: one that a passphrase has opened. */
  during(life: Life): Vault {
    const kept = this.#kept;
    const write = (change: () => void): void => {
      life.step('disk');
      change();
      life.step('disk');
    };
    const vault: Pick<
      Vault,
      | 'state'
      | 'passphraseLock'
      | 'derivedKey'
      | 'internalState'
      | 'readInternal'
      | 'keepInternal'
      | 'removeInternal'
      | 'destroy'
    > = {
      state: async () => 'passphrase',
      passphraseLock: lock,
      derivedKey: (salt, purpose) => deriveKey(key, salt, purpose),
      internalState: async (name) => (kept.has(name) ? 'open' : 'none'),
      readInternal: async (name) => kept.get(name),
      keepInternal: async (name, text) => write(() => void kept.set(name, text)),
      removeInternal: async (name) => write(() => void kept.delete(name)),
      destroy: async () => write(() => kept.clear()),
    };
    return vault as Vault;
  }
}
