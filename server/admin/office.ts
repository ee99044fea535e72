import { administeredRegions, mayAdminister, type Target } from '#shared/domain/rights/administer.ts';
import type { AdminArea } from '#shared/domain/rights/table.ts';
import { recordAudit, type AuditAct } from '../audit/audit-log.ts';
import { ACCOUNT_COLUMNS, readAccount, type AccountRow } from '../auth/accounts.ts';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { writeWithRetry, type Database, type Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';

/** Somebody at work on the accounts: what he may, and where what he did is written down. */
export class Office {
  readonly context: ServerContext;
  readonly session: Session;
  readonly #address: string;

  constructor(context: ServerContext, session: Session, address: string) {
    this.context = context;
    this.session = session;
    this.#address = address;
  }

  get tenant(): string {
    return this.session.account.tenant;
  }

  get database(): Database {
    return this.context.database;
  }

  /** @throws Problem 403 `admin.noRight`. */
  demand(area: AdminArea, target?: Target): void {
    if (this.may(area, target)) return;
    throw new Problem(403, 'admin.noRight', 'This user may not do that. Nothing was changed.');
  }

  may(area: AdminArea, target?: Target): boolean {
    return mayAdminister(this.session.account, area, target);
  }

  /** For a query: the regions to look at, `null` for all. */
  regionsOf(area: AdminArea): readonly string[] | null {
    const regions = administeredRegions(this.session.account, area);
    return regions === 'all' ? null : regions;
  }

  /**
   * Changes accounts. One change at a time in a tenant: two administrators who take each other's rights away at the same
   * time must not both succeed.
   */
  async change<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const changed = await writeWithRetry(this.database, async (sql) => {
      await sql.query('SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE', [this.tenant]);
      await this.#requireSameRights(sql);
      return work(sql);
    });
    this.context.pokes.rightsChanged(this.tenant);
    return changed;
  }

  /** What was asked before the lock must still hold behind it: the change waited for may have taken it away. */
  async #requireSameRights(sql: Sql): Promise<void> {
    const { account } = this.session;
    const [row] = await sql.query<AccountRow>(
      `SELECT ${ACCOUNT_COLUMNS} FROM users u WHERE u.tenant = $1 AND u.id = $2 AND NOT u.disabled`,
      [account.tenant, account.id],
    );
    const now = row === undefined ? undefined : readAccount(row);
    if (now?.roles.join() === account.roles.join() && now.regions.join() === account.regions.join()) return;
    throw new Problem(
      403,
      'admin.noRight',
      'The rights of this user have just changed. Nothing was changed; try again.',
    );
  }

  audit(sql: Sql, done: AuditAct): Promise<void> {
    const { account, deviceId } = this.session;
    const actor = { tenant: account.tenant, userId: account.id, deviceId, address: this.#address };
    return recordAudit(sql, actor, this.context.now(), done);
  }
}

/** What is not there, and what is out of reach, look alike: nobody learns names by trying. */
export function unknown(what: string): Problem {
  return new Problem(404, 'admin.unknown', `There is no ${what} that this user could change.`);
}

/** A page's last key when there may be more, else `null`. */
export function nextKey(keys: readonly string[], limit: number): string | null {
  return keys.length < limit ? null : (keys.at(-1) ?? null);
}

/** An instant of the database as the wire has it. */
export function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
