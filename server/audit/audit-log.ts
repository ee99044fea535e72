import type { AuditEntry, AuditPage } from '#shared/sync/admin.ts';
import type { Sql } from '../db/database.ts';

/** Who does something that is written down: a user at a device, or the command line of the server. */
export interface Actor {
  readonly tenant: string;
  readonly userId: string;
  readonly deviceId: string;
  /** Network address, or `local`. */
  readonly address: string;
}

/** The server's own command line. Whoever can use it owns the database anyway; the log says that it was used. */
export function commandLine(tenant: string): Actor {
  return { tenant, userId: 'command-line', deviceId: '', address: 'local' };
}

export interface AuditAct {
  /** `<noun>.<pastTense>`. */
  readonly act: string;
  /** `<noun>/<id>`. */
  readonly subject: string;
  /** What changed. Never a password, a token or a key. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Writes down who did what to whom, in the transaction that does it: there is no act without its entry, and no entry
 * of what did not happen.
 */
export async function recordAudit(sql: Sql, actor: Actor, nowMs: number, done: AuditAct): Promise<void> {
  await sql.query(
    `INSERT INTO audit_log (tenant, at, actor, device, address, act, subject, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      actor.tenant,
      nowMs,
      actor.userId,
      actor.deviceId,
      actor.address,
      done.act,
      done.subject,
      JSON.stringify(done.detail ?? {}),
    ],
  );
}

export interface AuditQuery {
  readonly before?: number | undefined;
  /** `''` for everybody. */
  readonly actor: string;
  readonly limit: number;
}

interface AuditColumns {
  readonly at: number;
  readonly detail: string;
  readonly tally: string | null;
  readonly count: number;
}

/** A page of the log, the newest first. */
export async function readAudit(sql: Sql, tenant: string, query: AuditQuery): Promise<AuditPage> {
  const rows = await sql.query<Omit<AuditEntry, 'at' | 'detail'> & AuditColumns>(
    `SELECT n, at, actor, device, address, act, subject, detail, tally, count FROM audit_log
     WHERE tenant = $1 AND ($2::bigint IS NULL OR n < $2) AND ($3 = '' OR actor = $3)
     ORDER BY n DESC LIMIT $4`,
    [tenant, query.before ?? null, query.actor, query.limit],
  );
  const entries = rows.map(({ tally, count, at, detail, ...row }) => ({
    ...row,
    at: new Date(at).toISOString(),
    detail: {
      ...(JSON.parse(detail) as Record<string, unknown>),
      // How often it has happened in that hour (`tally-audit.ts`).
      ...(tally === null ? {} : { count }),
    },
  }));
  return { entries, next: entries.length < query.limit ? null : (entries.at(-1)?.n ?? null) };
}
