import type { Verdict } from '#shared/sync/protocol.ts';
import type { Sql } from '../db/database.ts';
import type { Deliverer } from './deliverer.ts';
import type { Judged, Offer } from './offer.ts';

export interface KnownVerdict {
  readonly hash: string;
  readonly verdict: Verdict;
}

/**
 * The verdicts given before. An accepted event is known whoever offers it; a refusal holds for the device that
 * offered it and those that succeed it, so that nobody can spoil an event of another device by offering it first.
 */
export async function readVerdicts(
  sql: Sql,
  { account, devices }: Deliverer,
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
     SELECT id, hash, code, detail, true FROM refusals WHERE tenant = $1 AND device = ANY($2) AND id = ANY($3)`,
    [account.tenant, [...devices], ids],
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
export async function saveRefusals(sql: Sql, from: Deliverer, refused: readonly Judged[]): Promise<void> {
  if (refused.length === 0) return;
  const records = refused.map(
    ({ offer: { id, stream, hlc, hash, body, event }, verdict: { code, detail } }) => {
      const isOwn = event !== undefined && from.devices.has(event.device);
      // Another device's event is no link of this device's hash chain.
      const place = isOwn ? { device: event.device, stream } : { device: from.deviceId, stream: '' };
      return { ...place, id, hlc, hash, code, detail, body };
    },
  );
  await sql.query(
    `INSERT INTO refusals (tenant, device, id, stream, hlc, hash, code, detail, user_id, body)
     SELECT $1, r.device, r.id, r.stream, r.hlc, r.hash, r.code, r.detail, $2, r.body
     FROM json_to_recordset($3::json)
       AS r(device text, id text, stream text, hlc text, hash text, code text, detail text, body text)`,
    [from.account.tenant, from.account.id, JSON.stringify(records)],
  );
}
