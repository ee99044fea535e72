import type { Sql } from '../db/database.ts';

/** One line of what a scope sends: its own events and those of streams that are shared into it, under its own numbers. */
export interface FeedEntry {
  readonly n: number;
  readonly kind: 'event' | 'left' | 'deleted';
  readonly id: string;
  readonly stream: string;
  /** Canonical JSON of the event; `''` for the other kinds. */
  readonly body: string;
}

/**
 * The scope's entries after the number `from`, in order. What was delivered of a stream that is not shared here
 * any more comes without its body, as `left`: a laptop that starts over must not see what it may no longer see,
 * and its count and checksum come out right all the same.
 */
export async function readFeed(
  sql: Sql,
  tenant: string,
  scope: string,
  from: number,
  limit: number,
): Promise<FeedEntry[]> {
  return sql.query<FeedEntry>(
    `SELECT n, kind, id, stream, body FROM (
       (SELECT n, CASE WHEN purged THEN 'deleted' ELSE 'event' END AS kind, id, stream, body
        FROM events WHERE tenant = $1 AND scope = $2 AND n > $3 ORDER BY n LIMIT $4)
       UNION ALL
       (SELECT d.n,
          CASE WHEN d.kind <> 'event' THEN d.kind WHEN e.purged THEN 'deleted'
               WHEN s.active THEN 'event' ELSE 'left' END,
          d.id, d.stream, CASE WHEN d.kind = 'event' AND s.active THEN e.body ELSE '' END
        FROM deliveries d
        LEFT JOIN events e ON e.tenant = d.tenant AND e.id = d.id
        LEFT JOIN shares s ON s.tenant = d.tenant AND s.stream = d.stream AND s.home = d.home AND s.scope = d.scope
        WHERE d.tenant = $1 AND d.scope = $2 AND d.n > $3 ORDER BY d.n LIMIT $4)
     ) AS entries ORDER BY n LIMIT $4`,
    [tenant, scope, from, limit],
  );
}

/** An entry as a line of NDJSON. The body goes out as it came in, without being parsed. */
export function entryLine(scope: string, { n, kind, id, stream, body }: FeedEntry): string {
  if (kind === 'event') return eventLine(scope, n, body);
  return `${JSON.stringify({ k: kind, scope, n, id, stream })}\n`;
}

export function eventLine(scope: string, n: number, body: string): string {
  return `{"k":"event","scope":${JSON.stringify(scope)},"n":${n},"event":${body}}\n`;
}
