import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

/**
 * How a passphrase opens the vault. The key derived from it (scrypt, RFC 7914)
 * only wraps a random key, which seals the entries (AES-256-GCM): so that a
 * wrong passphrase is known at once and a new one would not re-seal everything.
 */
export const PassphraseLockSchema = z.object({
  kdf: z.literal('scrypt'),
  // Bounded: a tampered file must not make the host allocate gigabytes.
  n: z
    .number()
    .int()
    .min(1024)
    .max(2 ** 20),
  r: z.number().int().min(1).max(32),
  p: z.number().int().min(1).max(16),
  salt: z.string().max(200),
  wrappedKey: z.string().max(400),
});
export type PassphraseLock = z.infer<typeof PassphraseLockSchema>;

/** OWASP's first choice for scrypt, 2023: 128 MiB, a fraction of a second on a laptop. */
const COST = { n: 2 ** 17, r: 8, p: 1 } as const;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const WRAP_CONTEXT = 'faultline-vault-key-1';

type Scrypt = (password: string, salt: Buffer, length: number, options: object) => Promise<Buffer>;
const derive = promisify(scrypt) as Scrypt;

/**
 * Makes a fresh key and the lock that the passphrase opens.
 * @param cost of scrypt, lower for tests only.
 */
export async function makePassphraseLock(
  passphrase: string,
  cost: Pick<PassphraseLock, 'n' | 'r' | 'p'> = COST,
): Promise<{ lock: PassphraseLock; key: Buffer }> {
  const key = randomBytes(KEY_BYTES);
  const salt = randomBytes(16);
  const parameters = { kdf: 'scrypt', ...cost, salt: salt.toString('base64') } as const;
  const wrapping = await wrappingKey(passphrase, parameters);
  return { lock: { ...parameters, wrappedKey: seal(wrapping, key, WRAP_CONTEXT) }, key };
}

/** The key behind the lock, `undefined` for a wrong passphrase. */
export async function openPassphraseLock(
  passphrase: string,
  lock: PassphraseLock,
): Promise<Buffer | undefined> {
  return unseal(await wrappingKey(passphrase, lock), lock.wrappedKey, WRAP_CONTEXT);
}

/** A key of 256 bits for one purpose (HKDF, RFC 5869): what is sealed with it says nothing about the key it came from. */
export function deriveKey(key: Buffer, salt: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, purpose, KEY_BYTES));
}

/** AES-256-GCM, as base64 of IV, tag and ciphertext. `context` is bound to it, so entries cannot be swapped. */
export function seal(key: Buffer, plain: Buffer, context: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
}

/** `undefined` when the key is another one, the context differs or a bit was changed. */
export function unseal(key: Buffer, sealed: string, context: string): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    // GCM says no more than "not authentic".
    return undefined;
  }
}

function wrappingKey(passphrase: string, lock: Omit<PassphraseLock, 'wrappedKey'>): Promise<Buffer> {
  const { n, r, p } = lock;
  // NFKC, so that the same passphrase typed on another keyboard layout is the same bytes.
  return derive(passphrase.normalize('NFKC'), Buffer.from(lock.salt, 'base64'), KEY_BYTES, {
    N: n,
    r,
    p,
    maxmem: 256 * n * r,
  });
}
