import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** What stands in place of a password's hash when the account has none: it signs in through a provider only. */
export const NO_PASSWORD = '';

/** Argon2id with OWASP's first recommendation (19 MiB, two passes, one lane): the library's default. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password.normalize('NFC'));
}

/** A hash that no password fits, so that an unknown user costs as much time as a wrong password. */
const nobody = hashPassword(randomBytes(32).toString('hex'));

/** Whether the password fits. `stored` is `undefined` for an unknown user: the same work, and always false. */
export async function passwordFits(stored: string | undefined, password: string): Promise<boolean> {
  const known = stored !== undefined && stored !== NO_PASSWORD;
  const fits = await verify(known ? stored : await nobody, password.normalize('NFC'));
  return fits && known;
}
