import { normalizeIP } from '@fastify/rate-limit';
import type { Database, Sql } from '../db/database.ts';
import { writeWithRetry } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { hashSecret } from './secrets.ts';

/** How many failures cost nothing, and what each further one costs: twice the wait of the last, up to the longest. */
interface Lane {
  readonly free: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

const MINUTE = 60_000;
/** A person mistypes a few times; a program that guesses is stopped here. */
const USER_AND_ADDRESS: Lane = { free: 5, firstWaitMs: 30_000, longestWaitMs: 15 * MINUTE };
/** The user's own laptop, wherever it is: somebody else's guesses at the user do not count here. */
const USER_AND_DEVICE: Lane = { free: 10, firstWaitMs: 30_000, longestWaitMs: 15 * MINUTE };
/** Many addresses guess at one user. Short, because a new laptop of the real user waits behind them. */
const USER: Lane = { free: 30, firstWaitMs: 5_000, longestWaitMs: 5 * MINUTE };
/** Many users behind one office address mistype; a program that tries many names is stopped here. */
const ADDRESS: Lane = { free: 60, firstWaitMs: 30_000, longestWaitMs: 15 * MINUTE };

/** Failures are forgotten when so long after the last wait none has followed. */
const FORGET_AFTER_MS = 60 * MINUTE;

/** Looking at a password takes a fraction of a second; an attempt that is open for longer belongs to a node that died. */
const PENDING_MS = 15_000;

export interface LoginAttempt {
  readonly tenant: string;
  readonly user: string;
  readonly address: string;
  /** The device that the client says it is. It counts as the user's own only when the server knows it as that. */
  readonly device: string | undefined;
}

/** What an attempt has counted, to take it back with when it turns out right. */
export interface CountedAttempt {
  readonly lanes: readonly { readonly key: string; readonly own: boolean; readonly blockedUntil: number }[];
}

/**
 * Counts an attempt before its password is looked at, so that attempts side by side count too; `closeAttempt` or `forgive`
 * says how it ended. The count lies in the database: it is one for all nodes, and survives a restart. An attempt that is
 * refused counts nothing, so that hammering does not lengthen the wait.
 * @returns `wait` when the way is barred only by attempts that are still open: they may turn out right. Ask again soon.
 * @throws Problem 429 `auth.throttled` with the seconds to wait.
 */
export async function openAttempt(
  database: Database,
  attempt: LoginAttempt,
  nowMs: number,
): Promise<CountedAttempt | 'wait'> {
  return writeWithRetry(database, async (sql) => {
    await sql.query('DELETE FROM login_failures WHERE forget_at < $1', [nowMs]);
    const lanes = await lanesOf(sql, attempt);
    const counts: number[] = [];
    const barred: Entry[] = [];
    for (const { key } of lanes) {
      const entry = await lockEntry(sql, key, nowMs);
      counts.push(entry.count);
      if (entry.blockedUntil > nowMs) barred.push(entry);
    }
    if (barred.length > 0) {
      if (barred.every((entry) => entry.pending > 0 && entry.pendingUntil > nowMs)) return 'wait';
      throw throttled(Math.max(...barred.map((entry) => entry.blockedUntil)) - nowMs);
    }
    const counted = [];
    for (const [index, { key, own, lane }] of lanes.entries()) {
      const count = (counts[index] ?? 0) + 1;
      const until = nowMs + waitAfter(count, lane);
      await sql.query(
        `UPDATE login_failures SET count = $2, blocked_until = $3, forget_at = $4,
           pending = CASE WHEN pending_until > $5 THEN pending ELSE 0 END + 1, pending_until = $6
         WHERE key = $1`,
        [key, count, until, until + FORGET_AFTER_MS, nowMs, nowMs + PENDING_MS],
      );
      counted.push({ key, own, blockedUntil: until });
    }
    return { lanes: counted };
  });
}

/** The attempt was wrong: what it counted stays. */
export async function closeAttempt(database: Database, { lanes }: CountedAttempt): Promise<void> {
  await writeWithRetry(database, async (sql) => {
    for (const { key } of lanes)
      await sql.query('UPDATE login_failures SET pending = GREATEST(0, pending - 1) WHERE key = $1', [key]);
  });
}

/** Takes an attempt back that turned out right, and forgives that user at that address and on that device. */
export async function forgive(database: Database, { lanes }: CountedAttempt): Promise<void> {
  await writeWithRetry(database, async (sql) => {
    for (const { key, own, blockedUntil } of lanes) {
      if (own) await sql.query('DELETE FROM login_failures WHERE key = $1', [key]);
      else
        // A wait that another attempt has begun since stays.
        await sql.query(
          `UPDATE login_failures SET count = GREATEST(0, count - 1), pending = GREATEST(0, pending - 1),
             blocked_until = CASE WHEN blocked_until = $2 THEN 0 ELSE blocked_until END
           WHERE key = $1`,
          [key, blockedUntil],
        );
    }
  });
}

/** Milliseconds to wait after the `count`-th failure. */
export function waitAfter(count: number, lane: Lane): number {
  if (count < lane.free) return 0;
  return Math.min(lane.longestWaitMs, lane.firstWaitMs * 2 ** Math.min(30, count - lane.free));
}

async function lanesOf(
  sql: Sql,
  { tenant, user, address, device }: LoginAttempt,
): Promise<{ key: string; own: boolean; lane: Lane }[]> {
  const known =
    device === undefined
      ? []
      : await sql.query('SELECT 1 FROM devices WHERE tenant = $1 AND id = $2 AND user_id = $3', [
          tenant,
          device,
          user,
        ]);
  // A household or office has a whole /64 of IPv6 addresses: changing among them is no way around.
  const place = normalizeIP(address, 64);
  // Names are not kept: the key is a hash, of one length whatever somebody typed.
  const key = (...parts: readonly string[]): string => hashSecret(JSON.stringify(parts));
  const lanes = [
    { key: key('user and address', tenant, user, place), own: true, lane: USER_AND_ADDRESS },
    known.length > 0 && device !== undefined
      ? { key: key('user and device', tenant, user, device), own: true, lane: USER_AND_DEVICE }
      : { key: key('user', tenant, user), own: false, lane: USER },
    { key: key('address', place), own: false, lane: ADDRESS },
  ];
  // Always in one order, so that attempts side by side wait for each other and do not block each other for good.
  return lanes.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

interface Entry {
  readonly count: number;
  readonly blockedUntil: number;
  /** Counted attempts whose password is still looked at, until then at the latest. */
  readonly pending: number;
  readonly pendingUntil: number;
}

async function lockEntry(sql: Sql, key: string, nowMs: number): Promise<Entry> {
  const [entry] = await sql.query<Entry>(
    `INSERT INTO login_failures (key, count, blocked_until, forget_at) VALUES ($1, 0, 0, $2)
     ON CONFLICT (key) DO UPDATE SET key = excluded.key
     RETURNING count, blocked_until AS "blockedUntil", pending, pending_until AS "pendingUntil"`,
    [key, nowMs + FORGET_AFTER_MS],
  );
  return entry ?? { count: 0, blockedUntil: 0, pending: 0, pendingUntil: 0 };
}

export function throttled(waitMs: number): Problem {
  const seconds = Math.ceil(waitMs / 1000);
  return new Problem(
    429,
    'auth.throttled',
    `Too many failed logins. Try again in ${seconds} seconds.`,
    seconds,
  );
}
