import type { Migration } from '../migrate.ts';

/** What a transaction that looks at the data as somebody has said of him (`bind-view.ts`). Unset: nothing is seen. */
const setting = (name: string): string => `(SELECT current_setting('faultline.${name}', true))`;

const TENANT = `tenant = ${setting('tenant')}`;
// Subselects without a reference to the row are run once for a statement, not once for a row.
const NAMED = (scope: string): string =>
  `${scope} = ANY ((SELECT string_to_array(current_setting('faultline.scopes', true), ' '))::text[])`;
const SEEN = (scope: string): string =>
  `(${setting('reach')} = 'tenant' OR ${NAMED(scope)} OR (${setting('reach')} = 'regions' AND ${scope} LIKE 'region/%'))`;

/** A stream of another scope that is shared into one that is seen: its facts lie in their home scope. */
const DELIVERED = `EXISTS (SELECT 1 FROM deliveries d
    LEFT JOIN shares s ON s.tenant = d.tenant AND s.stream = d.stream AND s.home = d.home AND s.scope = d.scope
    WHERE d.tenant = events.tenant AND d.id = events.id AND (events.purged OR s.active))`;

/** Whether the login user may become the role: since PostgreSQL 16 being its member alone is not enough. */
const MAY_BECOME = `EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'faultline_member' AND pg_has_role(current_user, oid,
    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))`;

/** Table, what may be done to it, and which rows there are for somebody. What is not listed is not there at all. */
const TABLES: readonly (readonly [table: string, rights: string, rows: string])[] = [
  ['scopes', 'SELECT, UPDATE', SEEN('scope')],
  ['events', 'SELECT, INSERT', `(${SEEN('scope')} OR device = ${setting('device')} OR ${DELIVERED})`],
  ['event_entities', 'SELECT, INSERT, DELETE', SEEN('scope')],
  ['rows', 'SELECT, INSERT, UPDATE, DELETE', SEEN('scope')],
  ['shares', 'SELECT, INSERT, UPDATE', `(${SEEN('scope')} OR ${SEEN('home')})`],
  ['deliveries', 'SELECT, INSERT', SEEN('scope')],
  ['segment_cuts', 'SELECT', SEEN('scope')],
  ['segments', 'SELECT', SEEN('scope')],
  ['refusals', 'SELECT, INSERT', `(${setting('reach')} = 'tenant' OR device = ${setting('device')})`],
  ['devices', 'SELECT, UPDATE', `(${setting('reach')} = 'tenant' OR id = ${setting('device')})`],
  ['blobs', 'SELECT', 'true'],
];

/**
 * The second wall. A transaction that serves somebody runs as the role `faultline_member`, for which the tables hold only the
 * rows of his tenant and scopes, whatever the statement says; accounts, logins and the audit log do not exist for it.
 *
 * A login user of the database that may not make roles gets the same policies for itself (FORCE ROW LEVEL SECURITY);
 * they bind it as soon as a transaction names a tenant, and not in the server's own work.
 */
export const rowSecurity: Migration = {
  id: '0006-row-security',
  sql: `
DO $$ BEGIN
  CREATE ROLE faultline_member NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;

DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'faultline_member')
     AND NOT ${MAY_BECOME} THEN
    EXECUTE format('GRANT faultline_member TO %I', current_user);
  END IF;
EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN NULL;
END $$;

${TABLES.map(
  ([table, rights, rows]) => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;

DO $$ BEGIN
  IF ${MAY_BECOME} THEN
    GRANT ${rights} ON ${table} TO faultline_member;
    CREATE POLICY member ON ${table} TO faultline_member USING (${TENANT} AND ${rows});
  ELSE
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY bound ON ${table}
      USING (coalesce(${setting('tenant')}, '') = '' OR (${TENANT} AND ${rows}));
  END IF;
END $$;
`,
).join('')}
`,
};
