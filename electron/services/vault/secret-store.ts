/** What the operating system's key store can do for us now. */
export type SecretStoreState = { readonly kind: 'os' } | { readonly kind: 'unavailable' };

/**
 * The key store of the operating system: a port. It never falls back to plain
 * text; where it could only pretend it is `unavailable`.
 */
export interface SecretStore {
  state(): Promise<SecretStoreState>;
  seal(secret: string): Promise<Uint8Array>;
  /** `sealAgain`: the key was renewed, and what is stored should be sealed anew. */
  open(sealed: Uint8Array): Promise<{ readonly secret: string; readonly sealAgain: boolean }>;
}

/** Hosts without a key store, such as the browser host. */
export const noSecretStore: SecretStore = {
  state: async () => ({ kind: 'unavailable' }),
  seal: () => Promise.reject(new Error('There is no key store.')),
  open: () => Promise.reject(new Error('There is no key store.')),
};
