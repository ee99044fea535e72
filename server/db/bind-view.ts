import { escapeLiteral } from 'pg';
import type { Sql, View } from './database.ts';

/** The roles for which the tables hold less; made by the migration where the database lets it. */
const MEMBER = 'faultline_member';
const TENANT = 'faultline_tenant';

/**
 * The statement that makes the rest of the transaction see and touch nothing but what the view says. Its settings end with
 * the transaction, so that a connection that goes back to the pool carries nothing over.
 */
export function bindText(view: View, hasRoles: boolean): string {
  const set = (name: string, value: string): string => `set_config('${name}', ${value}, true)`;
  const role = view.reach === 'tenant' ? TENANT : MEMBER;
  const calls = [
    // First: it is still read by the server itself.
    set('faultline.scopes', scopesText(view)),
    set('faultline.tenant', escapeLiteral(view.tenant)),
    set('faultline.reach', escapeLiteral(view.reach)),
    set('faultline.device', escapeLiteral(view.device)),
    ...(hasRoles ? [set('role', escapeLiteral(role))] : []),
  ];
  return `SELECT ${calls.join(', ')}`;
}

/** Names of scopes have no spaces. Every region: as they are now. */
function scopesText({ tenant, reach, scopes }: View): string {
  const named = escapeLiteral(scopes.join(' '));
  if (reach !== 'regions') return named;
  return `concat_ws(' ', ${named}, (SELECT string_agg(scope, ' ') FROM scopes
    WHERE tenant = ${escapeLiteral(tenant)} AND scope LIKE 'region/%'))`;
}

/** Whether this database has policies for the roles, or for the login user itself. Asked once. */
export class ViewRoles {
  #answer: Promise<boolean> | undefined;

  exist(sql: Sql): Promise<boolean> {
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
      [MEMBER],
    );
    return rows.length > 0;
  }
}
