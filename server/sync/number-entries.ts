import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { Sql } from '../db/database.ts';

/** A line of a scope's feed that is not one of its own events. */
export interface Entry {
  readonly scope: string;
  /** `event`: delivered from the home scope. `left`: the stream goes here no longer. `deleted`: the event was purged. */
  readonly kind: 'event' | 'left' | 'deleted';
  readonly id: string;
  readonly stream: string;
  readonly home: string;
}

/** One of a scope's own events, as it is written down. */
export interface OwnEvent {
  readonly scope: string;
  readonly id: string;
  readonly stream: string;
  readonly device: string;
  readonly hlc: string;
  readonly hash: string;
  readonly code: string | undefined;
  readonly detail: string | undefined;
  /** Its author could add it only because the stream is shared with him. */
  readonly guest: boolean;
  readonly body: string;
}

interface Sum {
  readonly scope: string;
  count: number;
  hash: string;
  /** What bootstrap cuts made before hold may not be handed out any more. */
  floor: boolean;
}

/**
 * Writes events and entries down under the next numbers of their scopes: the last statement of a transaction. The
 * counters' rows stay locked only until the commit, and because they do, the order of the numbers is the order of the
 * commits, and no reader can see a number before a smaller one.
 * @returns the scopes that have something new.
 */
export async function numberEntries(
  sql: Sql,
  tenant: string,
  events: readonly OwnEvent[],
  entries: readonly Entry[],
): Promise<string[]> {
  const sums = new Map<string, Sum>();
  const placed = <E extends { readonly scope: string; readonly id: string }>(
    entry: E,
    floor: boolean,
  ): E & { place: number } => {
    const sum = sums.get(entry.scope) ?? { scope: entry.scope, count: 0, hash: EMPTY_CHECKSUM, floor: false };
    sum.count++;
    sum.hash = addToChecksum(sum.hash, entry.id);
    sum.floor ||= floor;
    sums.set(entry.scope, sum);
    return { ...entry, place: sum.count };
  };
  const own = events.map((event) => placed(event, false));
  const delivered = entries.map((entry) => placed(entry, entry.kind !== 'event'));
  const scopes = [...sums.keys()];
  if (scopes.length === 0) return [];
  if (scopes.length > 1) {
    // Always in the same order, so that two pushes to the same scopes wait for and never on each other.
    await sql.query(`SELECT 1 FROM scopes WHERE tenant = $1 AND scope = ANY($2) ORDER BY scope FOR UPDATE`, [
      tenant,
      scopes,
    ]);
  }
  const counters = [...sums.values()].map((sum) => ({ ...sum, hash: BigInt(`0x${sum.hash}`).toString() }));
  await sql.query(
    `WITH counted AS (
       UPDATE scopes SET head = scopes.head + s.count, hash = mod(scopes.hash + s.hash, 18446744073709551616),
         floor = CASE WHEN s.floor THEN scopes.head + s.count ELSE scopes.floor END
       FROM json_to_recordset($2::json) AS s(scope text, count bigint, hash numeric, floor boolean)
       WHERE scopes.tenant = $1 AND scopes.scope = s.scope
       RETURNING scopes.scope, scopes.head - s.count AS base
     )${delivered.length === 0 ? '' : INSERT_DELIVERIES}
     INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, exception_code, exception_detail,
       by_guest, body)
     SELECT $1, e.scope, counted.base + e.place, e.id, e.stream, e.device, e.hlc, e.hash, e.code, e.detail,
       e.guest, e.body
     FROM json_to_recordset($3::json) AS e(scope text, place integer, id text, stream text, device text,
       hlc text, hash text, code text, detail text, guest boolean, body text)
     JOIN counted ON counted.scope = e.scope`,
    [
      tenant,
      JSON.stringify(counters),
      JSON.stringify(own),
      ...(delivered.length === 0 ? [] : [JSON.stringify(delivered)]),
    ],
  );
  return scopes;
}

const INSERT_DELIVERIES = `, delivered AS (
       INSERT INTO deliveries (tenant, scope, n, kind, id, stream, home)
       SELECT $1, d.scope, counted.base + d.place, d.kind, d.id, d.stream, d.home
       FROM json_to_recordset($4::json)
         AS d(scope text, place integer, kind text, id text, stream text, home text)
       JOIN counted ON counted.scope = d.scope
     )`;
