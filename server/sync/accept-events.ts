import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Verdict } from '#shared/sync/protocol.ts';
import { addToChecksum, EMPTY_CHECKSUM } from '#shared/sync/checksum.ts';
import type { Sql } from '../db/database.ts';
import type { DomainPort } from './domain.ts';
import { foldIntoRows } from './fold-into-rows.ts';
import type { Judged, Offer } from './offer.ts';

export interface Accepted {
  readonly offer: Offer;
  readonly event: DomainEvent;
  readonly verdict: Verdict;
}

/**
 * Folds the events into their entities and then writes them down under the
 * next numbers of their scopes. The numbers come last: the counter's row stays locked
 * only until the commit, and because it does, the order of the numbers is the order of the
 * commits, and no reader can see a number before a smaller one.
 */
export async function acceptEvents(
  sql: Sql,
  domain: DomainPort,
  tenant: string,
  accepted: readonly Accepted[],
): Promise<Judged[]> {
  const unfoldable = await foldIntoRows(sql, domain, tenant, accepted);
  const judged = accepted.map(({ offer, verdict }) => {
    const detail = unfoldable.get(offer.id);
    if (detail === undefined || verdict.code !== undefined) return { offer, verdict };
    const exception: Verdict = {
      id: offer.id,
      verdict: 'acceptedWithException',
      code: 'sync.notFolded',
      detail,
    };
    return { offer, verdict: exception };
  });
  await number(sql, tenant, accepted, new Map(judged.map(({ verdict }) => [verdict.id, verdict])));
  return judged;
}

async function number(
  sql: Sql,
  tenant: string,
  accepted: readonly Accepted[],
  verdicts: ReadonlyMap<string, Verdict>,
): Promise<void> {
  const scopes = new Map<string, { count: number; hash: string }>();
  const records = accepted.map(({ offer: { id, hash, body }, event }) => {
    const { scope, stream, device, hlc } = event;
    const sum = scopes.get(scope) ?? { count: 0, hash: EMPTY_CHECKSUM };
    sum.count++;
    sum.hash = addToChecksum(sum.hash, id);
    scopes.set(scope, sum);
    const { code, detail } = verdicts.get(id) ?? {};
    return { scope, place: sum.count, id, stream, device, hlc, hash, code, detail, body };
  });
  const sums = [...scopes].map(([scope, { count, hash }]) => ({
    scope,
    count,
    hash: BigInt(`0x${hash}`).toString(),
  }));
  if (sums.length > 1) {
    // Always in the same order, so that two pushes to the same scopes wait for and never on each other.
    await sql.query(`SELECT 1 FROM scopes WHERE tenant = $1 AND scope = ANY($2) ORDER BY scope FOR UPDATE`, [
      tenant,
      [...scopes.keys()],
    ]);
  }
  await sql.query(
    `WITH counted AS (
       UPDATE scopes SET head = scopes.head + s.count, hash = mod(scopes.hash + s.hash, 18446744073709551616)
       FROM json_to_recordset($2::json) AS s(scope text, count bigint, hash numeric)
       WHERE scopes.tenant = $1 AND scopes.scope = s.scope
       RETURNING scopes.scope, scopes.head - s.count AS base
     )
     INSERT INTO events (tenant, scope, n, id, stream, device, hlc, hash, exception_code, exception_detail, body)
     SELECT $1, e.scope, counted.base + e.place, e.id, e.stream, e.device, e.hlc, e.hash, e.code, e.detail, e.body
     FROM json_to_recordset($3::json) AS e(scope text, place integer, id text, stream text, device text,
       hlc text, hash text, code text, detail text, body text)
     JOIN counted ON counted.scope = e.scope`,
    [tenant, JSON.stringify(sums), JSON.stringify(records)],
  );
}
