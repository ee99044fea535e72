import type { Sql } from '../db/database.ts';

/** Whether a stream of a home scope goes to another scope too, and the fact that decided so. */
export interface Share {
  readonly stream: string;
  readonly home: string;
  readonly scope: string;
  readonly hlc: string;
  readonly id: string;
  readonly active: boolean;
}

/** The shares of these streams, each at its home, by `placeOf`. */
export async function readSharesOf(
  sql: Sql,
  tenant: string,
  streams: readonly Pick<Share, 'home' | 'stream'>[],
): Promise<Map<string, Share>> {
  const rows = await sql.query<Share>(
    `SELECT stream, home, scope, hlc, id, active FROM shares
     WHERE tenant = $1 AND stream = ANY($2) ORDER BY stream, home, scope`,
    [tenant, [...new Set(streams.map(({ stream }) => stream))]],
  );
  const homes = new Set(streams.map(({ home, stream }) => `${home}\n${stream}`));
  return new Map(
    rows
      .filter(({ stream, home }) => homes.has(`${home}\n${stream}`))
      .map((share) => [placeOf(share), share]),
  );
}

/** Writes down how the shares stand now. */
export async function saveShares(sql: Sql, tenant: string, shares: readonly Share[]): Promise<void> {
  if (shares.length === 0) return;
  await sql.query(
    `INSERT INTO shares (tenant, stream, home, scope, hlc, id, active)
     SELECT $1, s.stream, s.home, s.scope, s.hlc, s.id, s.active
     FROM json_to_recordset($2::json)
       AS s(stream text, home text, scope text, hlc text, id text, active boolean)
     ON CONFLICT (tenant, stream, home, scope)
     DO UPDATE SET hlc = excluded.hlc, id = excluded.id, active = excluded.active`,
    [tenant, JSON.stringify(shares)],
  );
}

/** A stream of a home scope in another scope. */
export function placeOf({ home, stream, scope }: Pick<Share, 'home' | 'stream' | 'scope'>): string {
  return `${home}\n${stream}\n${scope}`;
}
