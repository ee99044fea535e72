import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { HostError } from '#shared/host/errors.ts';
import type { Vault } from '../vault/vault.ts';

const NAME = 'device-key';

/** What this laptop proves with that it is the device it says (Ed25519, RFC 8032). The private half never leaves the vault's reach. */
export class DeviceKey {
  /** SPKI DER as base64url: what the server is told. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64url');
  }

  /** A signature as base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text, 'utf8'), this.#key).toString('base64url');
  }

  keep(vault: Vault): Promise<void> {
    return vault.keepInternal(NAME, this.#key.export({ type: 'pkcs8', format: 'pem' }).toString());
  }
}

/**
 * The key of this laptop, made at its first use. One that this computer can no longer open is made anew: the next login
 * tells the server.
 * @throws HostError `vault.locked` while it waits for the passphrase.
 */
export async function openDeviceKey(vault: Vault): Promise<DeviceKey> {
  if ((await vault.internalState(NAME)) === 'closed')
    throw new HostError('vault.locked', 'The vault is locked. Enter its passphrase first.');
  const kept = await vault.readInternal(NAME);
  if (kept !== undefined) return new DeviceKey(createPrivateKey(kept));
  const key = generateDeviceKey();
  await key.keep(vault);
  return key;
}

/** A key that nobody has yet; {@link DeviceKey.keep} puts it in the place of the one before. */
export function generateDeviceKey(): DeviceKey {
  return new DeviceKey(generateKeyPairSync('ed25519').privateKey);
}
