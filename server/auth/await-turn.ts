import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../db/database.ts';
import { openAttempt, throttled, type CountedAttempt, type LoginAttempt } from './login-throttle.ts';

/** Attempts that this process lets wait at once: each asks the database again and again. */
const MOST_WAITING = 64;
const ASK_AGAIN_MS = 40;
/** Many logins of one office in the same moment are through by then; somebody who guesses was refused long before. */
const LONGEST_WAIT_MS = 8_000;

const waiting = new WeakMap<Database, number>();

/**
 * Counts an attempt as `openAttempt` does, and waits shortly where only attempts that are still looked at bar the way: many
 * right logins in the same moment all get in, many guesses in the same moment get no further than one after the other.
 * @throws Problem 429 `auth.throttled` with the seconds to wait.
 */
export async function awaitTurn(
  database: Database,
  attempt: LoginAttempt,
  now: () => number,
): Promise<CountedAttempt> {
  let counted = await openAttempt(database, attempt, now());
  if (counted !== 'wait') return counted;
  const others = waiting.get(database) ?? 0;
  if (others >= MOST_WAITING) throw throttled(1_000);
  waiting.set(database, others + 1);
  try {
    for (let tries = 0; tries < LONGEST_WAIT_MS / ASK_AGAIN_MS; tries++) {
      await pause(ASK_AGAIN_MS);
      counted = await openAttempt(database, attempt, now());
      if (counted !== 'wait') return counted;
    }
  } finally {
    waiting.set(database, (waiting.get(database) ?? 1) - 1);
  }
  throw throttled(1_000);
}
