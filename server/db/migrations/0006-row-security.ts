import type { Migration } from '../migrate.ts';

/** What a transaction that looks at the data as somebody has said of him (`bind-view.ts`). Unset: nothing is seen. */
// Subselects without a reference to the row are run once for a statement, not once for a row.
const setting = (name: string): string => `(SELECT current_setting('faultline.${name}', true))`;

const TENANT = `tenant = ${setting('tenant')}`;
/** The condition that a scope is seen. */
export const SEEN = (scope: string): string =>
  `${scope} = ANY ((SELECT string_to_array(current_setting('faultline.scopes', true), ' '))::text[])`;

export type ProtectedTable = readonly [table: string, rights: string, rows: string];

/** Table, what may be done to it, and which rows of his tenant there are for somebody. What is not listed is not there at all. */
const TABLES: readonly ProtectedTable[] = [
  ['scopes', 'SELECT, UPDATE', SEEN('scope')],
  [
    'events',
    'SELECT, INSERT',
    `(${SEEN('scope')} OR device = ${setting('device')} OR faultline_delivered(tenant, id, purged))`,
  ],
  ['event_entities', 'SELECT, INSERT, DELETE', SEEN('scope')],
  ['rows', 'SELECT, INSERT, UPDATE, DELETE', SEEN('scope')],
  ['shares', 'SELECT, INSERT, UPDATE', `(${SEEN('scope')} OR ${SEEN('home')})`],
  ['deliveries', 'SELECT, INSERT', SEEN('scope')],
  ['segment_cuts', 'SELECT', SEEN('scope')],
  ['segments', 'SELECT', SEEN('scope')],
  ['refusals', 'SELECT, INSERT', `device = ${setting('device')}`],
  ['devices', 'SELECT, UPDATE', `id = ${setting('device')}`],
  ['blobs', 'SELECT', 'true'],
];

/** `faultline_member` reads for somebody, `faultline_tenant` takes in for a tenant: two roles, because short policies are planned fast. */
const ROLES = ['faultline_member', 'faultline_tenant'] as const;

const CREATE_ROLE = (role: string): string => `
DO $$ BEGIN
  CREATE ROLE ${role} NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;

DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}') AND NOT ${MAY_BECOME(role)} THEN
    EXECUTE format('GRANT ${role} TO %I', current_user);
  END IF;
EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN NULL;
END $$;
`;

/** Whether the login user may become the role: since PostgreSQL 16 being its member alone is not enough. */
function MAY_BECOME(role: string): string {
  return `EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${role}' AND pg_has_role(current_user, oid,
    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))`;
}

/** Puts a table behind the wall. */
export const PROTECT = ([table, rights, rows]: ProtectedTable): string => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;

DO $$ BEGIN
  IF ${ROLES.map(MAY_BECOME).join(' AND ')} THEN
    GRANT ${rights} ON ${table} TO ${ROLES.join(', ')};
    CREATE POLICY member ON ${table} TO faultline_member USING (${TENANT} AND ${rows});
    CREATE POLICY tenant ON ${table} TO faultline_tenant USING (${TENANT});
  ELSE
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY bound ON ${table} USING (coalesce(${setting('tenant')}, '') = ''
      OR (${TENANT} AND (${setting('reach')} = 'tenant' OR ${rows})));
  END IF;
END $$;
`;

/**
 * The second wall. A transaction that serves somebody runs as a role for which the tables hold only the rows of his tenant and
 * scopes, whatever the statement says; accounts, logins and the audit log do not exist for it.
 *
 * A login user of the database that may not make roles gets the same policies for itself (FORCE ROW LEVEL SECURITY);
 * they bind it as soon as a transaction names a tenant, and not in the server's own work.
 */
export const rowSecurity: Migration = {
  id: '0006-row-security',
  sql: `
${ROLES.map(CREATE_ROLE).join('')}
CREATE FUNCTION faultline_delivered(of_tenant text, event text, is_purged boolean) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
-- A stream of another scope that is shared into one that is seen: its facts lie in their home scope. A purged one has no body.
BEGIN
  RETURN EXISTS (SELECT 1 FROM deliveries d
    JOIN shares s ON s.tenant = d.tenant AND s.stream = d.stream AND s.home = d.home AND s.scope = d.scope
    WHERE d.tenant = of_tenant AND d.id = event AND (s.active OR is_purged) AND ${SEEN('d.scope')});
END $$;
${TABLES.map(PROTECT).join('')}
`,
};
