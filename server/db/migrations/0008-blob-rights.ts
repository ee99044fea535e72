import { namedBlobsIn } from '#shared/events/named-blobs.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { Sql } from '../database.ts';
import type { Migration } from '../migrate.ts';
import { PROTECT, SEEN } from './0006-row-security.ts';

/**
 * Which facts name which attachment, and who has brought its bytes: who may see the fact, or has brought the bytes, may fetch them.
 *
 * In which scopes a fact is seen stands in `event_entities` alone, so that sharing, un-sharing and purging count here at once.
 * `writer`, `carrier`: who wrote the fact, and the colleague who handed it in for him. `opens`: one of them was known to have a
 * right to the bytes; where it is false a row of theirs in `blob_holders` says so. `refused`: kept for the office; it opens nothing,
 * but the bytes stay.
 *
 * `blobs.unnamed_since`: since when no fact is known to name the attachment.
 *
 * Who takes facts in for a tenant has no business with segments: they are taken out of his sight.
 */
export const blobRights: Migration = {
  id: '0008-blob-rights',
  sql: `
CREATE TABLE blob_references (
  tenant text NOT NULL,
  sha256 text NOT NULL,
  id text COLLATE "C" NOT NULL,
  refused boolean NOT NULL,
  stream text COLLATE "C" NOT NULL,
  hlc text COLLATE "C" NOT NULL,
  writer text NOT NULL,
  carrier text,
  opens boolean NOT NULL,
  PRIMARY KEY (tenant, sha256, id, refused)
);

CREATE INDEX blob_references_by_event ON blob_references (tenant, id);

CREATE TABLE blob_holders (
  tenant text NOT NULL,
  sha256 text NOT NULL,
  user_id text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, sha256, user_id)
);

CREATE INDEX blob_holders_by_user ON blob_holders (tenant, user_id, at);

ALTER TABLE blobs ADD COLUMN unnamed_since bigint;
${PROTECT([
  'blob_references',
  'SELECT, INSERT',
  `EXISTS (SELECT 1 FROM event_entities t WHERE t.tenant = blob_references.tenant AND t.key = blob_references.stream
     AND t.hlc = blob_references.hlc AND t.id = blob_references.id AND ${SEEN('t.scope')})`,
])}
${PROTECT(['blob_holders', 'SELECT', 'true'])}

DO $$ BEGIN
  REVOKE ALL ON segments, segment_cuts FROM faultline_tenant;
EXCEPTION WHEN undefined_object OR insufficient_privilege THEN NULL;
END $$;
`,
  fill: fillReferences,
};

const PAGE = 500;

interface Stored {
  readonly tenant: string;
  /** The rest of the key, by which the next page begins. */
  readonly place: string;
  readonly number: number;
  readonly body: string;
}

/**
 * What the stored facts name. Until now everybody of a tenant could fetch what he had the hash of, and nobody wrote down who
 * brought the bytes: so all of these references open.
 */
async function fillReferences(sql: Sql): Promise<void> {
  await fillFrom(sql, false, (after) =>
    sql.query<Stored>(
      `SELECT tenant, scope AS place, n AS number, body FROM events
       WHERE (tenant, scope, n) > ($1, $2, $3) ORDER BY tenant, scope, n LIMIT ${PAGE}`,
      [after.tenant, after.place, after.number],
    ),
  );
  await fillFrom(sql, true, (after) =>
    sql.query<Stored>(
      `SELECT tenant, device || ' ' || id AS place, 0 AS number, body FROM refusals
       WHERE (tenant, device || ' ' || id) > ($1, $2) ORDER BY tenant, device || ' ' || id LIMIT ${PAGE}`,
      [after.tenant, after.place],
    ),
  );
}

async function fillFrom(
  sql: Sql,
  refused: boolean,
  next: (after: Stored) => Promise<Stored[]>,
): Promise<void> {
  let after: Stored | undefined = { tenant: '', place: '', number: 0, body: '' };
  while (after !== undefined) {
    const rows: Stored[] = await next(after);
    const records = rows.flatMap(({ tenant, body }) => referencesIn(tenant, body));
    if (records.length > 0) {
      await sql.query(
        `INSERT INTO blob_references (tenant, sha256, id, refused, stream, hlc, writer, opens)
         SELECT r.tenant, r.sha256, r.id, $2, r.stream, r.hlc, r.actor, NOT $2
         FROM json_to_recordset($1::json)
           AS r(tenant text, sha256 text, id text, stream text, hlc text, actor text)
         ON CONFLICT DO NOTHING`,
        [JSON.stringify(records), refused],
      );
    }
    after = rows.length < PAGE ? undefined : rows.at(-1);
  }
}

/** Purged facts have no body, and what was refused may be anything. */
function referencesIn(tenant: string, body: string): object[] {
  if (body === '') return [];
  const event = JSON.parse(body) as Partial<DomainEvent> | null;
  if (typeof event?.data !== 'object' || typeof event.id !== 'string') return [];
  const { id, stream, hlc, actor } = event;
  if (typeof stream !== 'string' || typeof hlc !== 'string' || typeof actor !== 'string') return [];
  // NUL and half surrogate pairs, which no column holds: of a malformed fact that was refused.
  if (/\0|\p{Cs}/u.test(id + stream + hlc + actor)) return [];
  return namedBlobsIn(event as DomainEvent).map(({ sha256 }) => ({ tenant, sha256, id, stream, hlc, actor }));
}
