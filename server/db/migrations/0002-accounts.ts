import type { Migration } from '../migrate.ts';

/**
 * Regions, teams and who belongs to them; what is known of a device; the office's decisions on refused
 * events; the audit log. Instants are milliseconds since 1970 by the server's clock.
 */
export const accounts: Migration = {
  id: '0002-accounts',
  sql: `
CREATE TABLE regions (
  tenant text NOT NULL REFERENCES tenants,
  id text COLLATE "C" NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  PRIMARY KEY (tenant, id)
);

INSERT INTO regions (tenant, id, name_zh, name_en)
SELECT tenant, substr(scope, 8), substr(scope, 8), substr(scope, 8) FROM scopes WHERE scope LIKE 'region/%';

CREATE TABLE teams (
  tenant text NOT NULL,
  id text COLLATE "C" NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  region text COLLATE "C" NOT NULL,
  tier text,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, region) REFERENCES regions (tenant, id)
);

CREATE TABLE team_members (
  tenant text NOT NULL,
  team text COLLATE "C" NOT NULL,
  user_id text NOT NULL,
  PRIMARY KEY (tenant, team, user_id),
  FOREIGN KEY (tenant, team) REFERENCES teams (tenant, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

CREATE INDEX team_members_by_user ON team_members (tenant, user_id);

CREATE TABLE user_regions (
  tenant text NOT NULL,
  user_id text NOT NULL,
  region text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, user_id, region),
  FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id),
  FOREIGN KEY (tenant, region) REFERENCES regions (tenant, id)
);

CREATE TABLE scope_losses (
  tenant text NOT NULL,
  user_id text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  lost_at bigint NOT NULL,
  PRIMARY KEY (tenant, user_id, scope)
);

ALTER TABLE users ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();

ALTER TABLE devices
  ADD COLUMN revoked_at bigint,
  ADD COLUMN revoked_by text,
  ADD COLUMN last_seen_at bigint,
  ADD COLUMN public_key text,
  ADD COLUMN run text,
  ADD COLUMN succeeds text,
  ADD COLUMN app_version text;

CREATE INDEX devices_by_user ON devices (tenant, user_id);

ALTER TABLE refusals
  ADD COLUMN decision text,
  ADD COLUMN decided_at bigint,
  ADD COLUMN decided_by text;

CREATE INDEX refusals_undecided ON refusals (tenant, received_at, id) WHERE decision IS NULL;

CREATE TABLE audit_log (
  tenant text NOT NULL,
  n bigint GENERATED ALWAYS AS IDENTITY,
  at bigint NOT NULL,
  actor text NOT NULL,
  device text NOT NULL,
  address text NOT NULL,
  act text NOT NULL,
  subject text NOT NULL,
  detail text NOT NULL,
  PRIMARY KEY (tenant, n)
);
`,
};
