import { normalizeIP } from '@fastify/rate-limit';
import type { Sql } from '../db/database.ts';

/** What strangers do again and again, so that nobody in particular has done it. */
export interface Tallied {
  readonly tenant: string;
  readonly address: string;
  /** `<noun>.<pastTense>`. */
  readonly act: string;
  /** `<noun>/<id>`. */
  readonly subject: string;
}

const HOUR_MS = 3_600_000;
/** Different lines in an hour and tenant; what goes beyond is one line for all addresses and subjects. */
const MOST_LINES = 200;

/**
 * Writes down that something has happened once more: one line for each act, subject and address (of IPv6 its network of /64)
 * in an hour, with a count. Of a tenant that does not exist nothing is written.
 */
export async function tallyAudit(sql: Sql, { tenant, act, ...done }: Tallied, nowMs: number): Promise<void> {
  const hour = new Date(Math.floor(nowMs / HOUR_MS) * HOUR_MS).toISOString().slice(0, 13);
  const address = normalizeIP(done.address, 64);
  const own = [hour, act, done.subject, address].join(' ');
  await sql.query(
    `INSERT INTO audit_log (tenant, at, actor, device, address, act, subject, detail, tally)
     SELECT t.tenant, $2, '', '', CASE WHEN l.own THEN $5 ELSE '' END, $3,
       CASE WHEN l.own THEN $4 ELSE 'login/several' END, '{}', CASE WHEN l.own THEN $6 ELSE $7 END
     FROM tenants t, LATERAL (
       SELECT EXISTS (SELECT 1 FROM audit_log WHERE tenant = $1 AND tally = $6)
         OR (SELECT count(*) FROM audit_log WHERE tenant = $1 AND tally >= $8 AND tally < $9) < $10 AS own) l
     WHERE t.tenant = $1
     ON CONFLICT (tenant, tally) DO UPDATE SET count = audit_log.count + 1`,
    [
      tenant,
      nowMs,
      act,
      done.subject,
      address,
      own,
      [hour, act, 'several'].join(' '),
      `${hour} `,
      `${hour}!`,
      MOST_LINES,
    ],
  );
}
