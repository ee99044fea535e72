import { escapeLiteral } from 'pg';
import type { Sql, View } from './database.ts';

/** The role whose rows are only those of the view; made by the migration where the database lets it. */
const ROLE = 'faultline_member';

/**
 * The statement that makes the rest of the transaction see and touch nothing but what the view says. Its settings end with
 * the transaction, so that a connection that goes back to the pool carries nothing over.
 */
export function bindText(view: View, hasRole: boolean): string {
  const settings = {
    'faultline.tenant': view.tenant,
    'faultline.reach': view.reach,
    'faultline.scopes': view.scopes.join(' '),
    'faultline.device': view.device,
    ...(hasRole && { role: ROLE }),
  };
  const calls = Object.entries(settings).map(
    ([name, value]) => `set_config('${name}', ${escapeLiteral(value)}, true)`,
  );
  return `SELECT ${calls.join(', ')}`;
}

/** Whether this database has policies for the role, or for the login user itself. Asked once. */
export class MemberRole {
  #answer: Promise<boolean> | undefined;

  has(sql: Sql): Promise<boolean> {
    this.#answer ??= this.#ask(sql).catch((error: unknown) => {
      this.#answer = undefined;
      throw error;
    });
    return this.#answer;
  }

  async #ask(sql: Sql): Promise<boolean> {
    const rows = await sql.query(
      `SELECT 1 FROM pg_policy p JOIN pg_roles r ON r.oid = ANY(p.polroles)
       WHERE p.polrelid = 'events'::regclass AND r.rolname = $1`,
      [ROLE],
    );
    return rows.length > 0;
  }
}
