import { randomBytes } from 'node:crypto';
import { BUNDLE_PURPOSE, type BundleHeader } from '#shared/bundle/format.ts';
import { deriveKey, makePassphraseLock, openPassphraseLock } from '../vault/passphrase-key.ts';
import type { Vault } from '../vault/vault.ts';
import { wrongPassphrase } from './bundle-error.ts';

/** What seals a bundle, and how its key is found again. */
export interface BundleSeal {
  readonly header: BundleHeader;
  readonly key: Buffer;
}

const SALT_BYTES = 32;

/** A seal that a passphrase opens. @param cost of scrypt, lower for tests only. */
export async function sealWithPassphrase(
  passphrase: string,
  cost?: Pick<BundleHeader['lock'], 'n' | 'r' | 'p'>,
): Promise<BundleSeal> {
  const { lock, key } = await makePassphraseLock(passphrase, cost);
  const salt = randomBytes(SALT_BYTES);
  return {
    header: { lock, salt: salt.toString('base64') },
    key: deriveKey(key, salt, BUNDLE_PURPOSE),
  };
}

/**
 * A seal that the passphrase of the vault opens, though nobody types it now.
 * @returns `undefined` when the vault has none or waits for it.
 */
export function sealWithVault(vault: Vault): BundleSeal | undefined {
  const lock = vault.passphraseLock;
  if (lock === undefined) return undefined;
  const salt = randomBytes(SALT_BYTES);
  return {
    header: { lock, salt: salt.toString('base64') },
    key: vault.derivedKey(salt, BUNDLE_PURPOSE),
  };
}

/** @throws HostError `bundle.wrongPassphrase`. */
export async function openSeal({ lock, salt }: BundleHeader, passphrase: string): Promise<Buffer> {
  const key = await openPassphraseLock(passphrase, lock);
  if (key === undefined) throw wrongPassphrase();
  return deriveKey(key, Buffer.from(salt, 'base64'), BUNDLE_PURPOSE);
}
