import type { Verdict } from '#shared/sync/protocol.ts';
import type { Session } from '../auth/sessions.ts';
import type { Sql } from '../db/database.ts';
import type { Judged, Offer } from './offer.ts';

export interface KnownVerdict {
  readonly hash: string;
  readonly verdict: Verdict;
}

/**
 * The verdicts given before. An accepted event is known whoever offers it; a refusal holds for the device that
 * offered it, so that nobody can spoil an event of another device by offering it first.
 */
export async function readVerdicts(
  sql: Sql,
  tenant: string,
  device: string,
  offers: readonly Offer[],
): Promise<Map<string, KnownVerdict>> {
  const ids = offers.map(({ id }) => id);
  const rows = await sql.query<{
    id: string;
    hash: string;
    code: string | null;
    detail: string | null;
    refused: boolean;
  }>(
    `SELECT id, hash, exception_code AS code, exception_detail AS detail, false AS refused
       FROM events WHERE tenant = $1 AND id = ANY($3)
     UNION ALL
     SELECT id, hash, code, detail, true FROM refusals WHERE tenant = $1 AND device = $2 AND id = ANY($3)`,
    [tenant, device, ids],
  );
  const known = new Map<string, KnownVerdict>();
  for (const { id, hash, code, detail, refused } of rows) {
    // Accepted stands above refused: another device may have been refused what this one was not.
    if (refused && known.has(id)) continue;
    const verdict = refused ? 'refused' : code === null ? 'accepted' : 'acceptedWithException';
    known.set(id, {
      hash,
      verdict: { id, verdict, ...(code === null ? {} : { code }), ...(detail === null ? {} : { detail }) },
    });
  }
  return known;
}

/** Keeps refused events with their reason: nothing that a device sent is thrown away. */
export async function saveRefusals(sql: Sql, session: Session, refused: readonly Judged[]): Promise<void> {
  if (refused.length === 0) return;
  const records = refused.map(
    ({ offer: { id, stream, hlc, hash, body, event }, verdict: { code, detail } }) => ({
      id,
      // Another device's event is no link of this device's hash chain.
      stream: event?.device === session.deviceId ? stream : '',
      hlc,
      hash,
      code,
      detail,
      body,
    }),
  );
  await sql.query(
    `INSERT INTO refusals (tenant, device, id, stream, hlc, hash, code, detail, user_id, body)
     SELECT $1, $2, r.id, r.stream, r.hlc, r.hash, r.code, r.detail, $3, r.body
     FROM json_to_recordset($4::json)
       AS r(id text, stream text, hlc text, hash text, code text, detail text, body text)`,
    [session.account.tenant, session.deviceId, session.account.id, JSON.stringify(records)],
  );
}
