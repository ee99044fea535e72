import { randomBytes } from 'node:crypto';
import { HostError } from '#shared/host/errors.ts';
import { SingleFlight } from '../workspace/single-flight.ts';
import type { Vault } from '../vault/vault.ts';

export type PageKey =
  | { readonly key: Uint8Array<ArrayBuffer>; readonly protection: 'os' | 'passphrase' }
  | { readonly key: null; readonly protection: 'none' };

const NAME = 'cache-key';
const KEY_BYTES = 32;

/**
 * The key of the cached pages: random, kept sealed. Where the vault can keep nothing there is none, and the pages are not
 * encrypted. A key that was lost is made anew: the pages under the old one cannot be read and are built again.
 */
export class CacheKey {
  readonly #vault: Vault;
  #known: PageKey | undefined;
  readonly #reads = new SingleFlight<PageKey>();

  constructor(vault: Vault) {
    this.#vault = vault;
  }

  /** @throws HostError `vault.locked` while it waits for the passphrase. */
  get(): Promise<PageKey> {
    // One at a time: two windows that ask at once must not make two keys.
    return this.#reads.run(() => this.#read());
  }

  forget(): void {
    this.#known?.key?.fill(0);
    this.#known = undefined;
  }

  async #read(): Promise<PageKey> {
    if (this.#known !== undefined) return copyOf(this.#known);
    const state = await this.#vault.state();
    if (state === 'unavailable') return { key: null, protection: 'none' };
    if (state === 'locked' || (await this.#vault.internalState(NAME)) === 'closed')
      throw new HostError('vault.locked', 'The vault is locked. Enter its passphrase first.');
    const kept = await this.#vault.readInternal(NAME);
    let key = kept === undefined ? undefined : Buffer.from(kept, 'base64');
    if (key?.length !== KEY_BYTES) {
      key = randomBytes(KEY_BYTES);
      await this.#vault.keepInternal(NAME, key.toString('base64'));
    }
    this.#known = { key: new Uint8Array(key), protection: state };
    return copyOf(this.#known);
  }
}

/** Whoever gets it may hand it over to another process and lose it. */
function copyOf(known: PageKey): PageKey {
  return known.key === null ? known : { ...known, key: known.key.slice() };
}
