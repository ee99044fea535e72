import type { Vault } from '#electron/services/vault/vault.ts';
import type { Life } from './life.ts';

/** What a laptop's vault keeps sealed, without the seal: it outlives a crash, and what was said to be kept is kept. */
export class MemoryVault {
  readonly #kept = new Map<string, string>();

  /** The vault as one run of the laptop sees it. */
  during(life: Life): Vault {
    const kept = this.#kept;
    const vault: Pick<Vault, 'internalState' | 'readInternal' | 'keepInternal' | 'removeInternal'> = {
      internalState: async (name) => (kept.has(name) ? 'open' : 'none'),
      readInternal: async (name) => kept.get(name),
      keepInternal: async (name, text) => {
        life.step('disk');
        kept.set(name, text);
        life.step('disk');
      },
      removeInternal: async (name) => {
        life.step('disk');
        kept.delete(name);
      },
    };
    return vault as Vault;
  }
}
