import { commandLine } from '../audit/audit-log.ts';
import { Office } from '../admin/office.ts';
import type { ServerContext } from '../context.ts';
import { writeWithRetry, type Sql } from '../db/database.ts';

/**
 * The same office with nobody logged in: whoever can start programs as the server's user owns its database anyway. What is
 * done is written to the audit log as done by the command line.
 */
export class CommandLineOffice extends Office {
  constructor(context: ServerContext, tenant: string) {
    const { userId, deviceId, address } = commandLine(tenant);
    const account = {
      tenant,
      id: userId,
      name: userId,
      roles: ['admin'],
      homeRegion: 'main',
      regions: [],
      teams: [],
    };
    super(
      context,
      { account, deviceId, expiresAtMs: Number.MAX_SAFE_INTEGER, deviceRevoked: false },
      address,
    );
  }

  /** Nobody can take the command line's rights away meanwhile: only the order of changes matters. */
  override change<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return writeWithRetry(this.database, async (sql) => {
      await sql.query('SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE', [this.tenant]);
      return work(sql);
    });
  }
}
