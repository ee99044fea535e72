import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { Problem } from '../http/problem.ts';

/** An Ed25519 signature. */
const SIGNATURE_BYTES = 64;

/**
 * The device's public key as it is stored: Ed25519, SPKI DER, base64url.
 * @throws Problem 400 `auth.badKey` for anything else.
 */
export function checkDeviceKey(publicKey: string): string {
  const key = readKey(publicKey);
  if (key === undefined) {
    throw new Problem(
      400,
      'auth.badKey',
      'The key of this device is not an Ed25519 key. Nothing was changed; update Faultline and log in again.',
    );
  }
  return key.export({ format: 'der', type: 'spki' }).toString('base64url');
}

/** Whether `signature` (base64url) was made over `text` with the private half of a device's key (RFC 8032). */
export function deviceSigned(publicKey: string, text: string, signature: string): boolean {
  const key = readKey(publicKey);
  const bytes = Buffer.from(signature, 'base64url');
  return key !== undefined && bytes.length === SIGNATURE_BYTES && verify(null, Buffer.from(text), key, bytes);
}

function readKey(publicKey: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64url'), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    // What does not parse is not a key: that is the whole answer.
    return undefined;
  }
}
