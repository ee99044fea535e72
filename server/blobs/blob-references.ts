import { namedBlobsIn } from '#shared/events/named-blobs.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Account } from '../auth/accounts.ts';
import type { Sql } from '../db/database.ts';
import { visibleScopes } from '../sync/rights.ts';

/** Of a reference `r`: who wrote it, or handed it in, had a right to the bytes then, or has brought them since. */
const OPENS = `(r.opens OR EXISTS (SELECT 1 FROM blob_holders h
  WHERE h.tenant = r.tenant AND h.sha256 = r.sha256 AND (h.user_id = r.writer OR h.user_id = r.carrier)))`;

/** Whether there is a reference to `sha256` of `tenant` that opens the bytes to who sees `scopes`: three expressions of SQL. */
export const seenThrough = (tenant: string, sha256: string, scopes: string): string => `EXISTS (
  SELECT 1 FROM blob_references r JOIN event_entities t
    ON t.tenant = r.tenant AND t.key = r.stream AND t.scope = ANY(${scopes}) AND t.hlc = r.hlc AND t.id = r.id
  WHERE r.tenant = ${tenant} AND r.sha256 = ${sha256} AND NOT r.refused AND ${OPENS})`;

/** Any number; the second one is a bucket of hashes. */
const LOCK = 730_117;

/** The bucket's lock: whoever names or brings an attachment holds it together with others, whoever removes one holds it alone. */
const bucketOf = (sha256: string): number => Number.parseInt(sha256.slice(0, 1), 16);

/** Waits for who is just removing one of these, and keeps others from it until the transaction ends. */
export async function holdBlobs(sql: Sql, hashes: readonly string[]): Promise<void> {
  const buckets = [...new Set(hashes.map(bucketOf))].toSorted((one, other) => one - other);
  for (const bucket of buckets)
    await sql.query('SELECT pg_advisory_xact_lock_shared($1, $2)', [LOCK, bucket]);
}

/** @returns false when somebody is just naming or bringing such an attachment: it can be removed another time. */
export async function holdAlone(sql: Sql, sha256: string): Promise<boolean> {
  const [row] = await sql.query<{ held: boolean }>('SELECT pg_try_advisory_xact_lock($1, $2) AS held', [
    LOCK,
    bucketOf(sha256),
  ]);
  return row?.held === true;
}

/** In whose name facts are written down. */
export interface Writer {
  readonly tenant: string;
  /** `undefined`: nobody's rights are looked at. */
  readonly account: Account | undefined;
  /** The colleague who has handed them in, when it was not the writer himself. */
  readonly carrier?: string | undefined;
}

/**
 * Writes down which attachments these facts name. To name one opens it to all who see the fact only when the writer has the bytes
 * himself, or could see them already: a hash that somebody has come by is not enough.
 */
export async function saveReferences(
  sql: Sql,
  { tenant, account, carrier }: Writer,
  events: readonly DomainEvent[],
  refused = false,
): Promise<void> {
  const named = events.flatMap((event) => {
    const { id, stream, hlc, actor: writer } = event;
    const hashes = new Set(namedBlobsIn(event).map(({ sha256 }) => sha256));
    return [...hashes].map((sha256) => ({ sha256, id, stream, hlc, writer }));
  });
  if (named.length === 0) return;
  await holdBlobs(
    sql,
    named.map(({ sha256 }) => sha256),
  );
  const scopes = refused || account === undefined ? [] : await visibleScopes(sql, account);
  await sql.query(
    `INSERT INTO blob_references (tenant, sha256, id, refused, stream, hlc, writer, carrier, opens)
     SELECT $1, n.sha256, n.id, $3, n.stream, n.hlc, n.writer, $4,
       NOT $3 AND (${seenThrough('$1', 'n.sha256', '$5')} OR ${BROUGHT_BY_NOBODY})
     FROM json_to_recordset($2::json) AS n(sha256 text, id text, stream text, hlc text, writer text)
     ON CONFLICT DO NOTHING`,
    [tenant, JSON.stringify(named), refused, carrier ?? null, scopes],
  );
}

/** Stored by a version that did not write down who brought it, and not named by any fact so far: who names it first. */
const BROUGHT_BY_NOBODY = `(EXISTS (SELECT 1 FROM blobs b WHERE b.tenant = $1 AND b.sha256 = n.sha256)
  AND NOT EXISTS (SELECT 1 FROM blob_holders h WHERE h.tenant = $1 AND h.sha256 = n.sha256)
  AND NOT EXISTS (SELECT 1 FROM blob_references o WHERE o.tenant = $1 AND o.sha256 = n.sha256 AND NOT o.refused))`;

/** An attachment that purged facts have named, and who had to do with them. */
export interface Forgotten {
  readonly sha256: string;
  readonly people: readonly string[];
}

/** Forgets what these facts name: accepted ones, and refused ones. */
export async function forgetReferences(
  sql: Sql,
  tenant: string,
  accepted: readonly string[],
  refused: readonly string[],
): Promise<Forgotten[]> {
  const rows = await sql.query<{ sha256: string; writer: string; carrier: string | null }>(
    `DELETE FROM blob_references
     WHERE tenant = $1 AND ((NOT refused AND id = ANY($2)) OR (refused AND id = ANY($3)))
     RETURNING sha256, writer, carrier`,
    [tenant, accepted, refused],
  );
  const people = new Map<string, Set<string>>();
  for (const { sha256, writer, carrier } of rows) {
    const known = people.get(sha256) ?? new Set();
    known.add(writer);
    if (carrier !== null) known.add(carrier);
    people.set(sha256, known);
  }
  return [...people].map(([sha256, known]) => ({ sha256, people: [...known] }));
}
