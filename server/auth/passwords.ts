import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Argon2id with OWASP's first recommendation (19 MiB, two passes, one lane): the library's default. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFC'));
}

/** A hash that no password fits, so that an unknown user costs as much time as a wrong password. */
const nobody = hashPassword(randomBytes(32).toString('hex'));

/** Whether the password fits. `stored` is `undefined` for an unknown user: the same work, and always false. */
export async function passwordFits(stored: string | undefined, password: string): Promise<boolean> {
  const fits = await verify(stored ?? (await nobody), password.normalize('NFC'));
  return fits && stored !== undefined;
}
