import type { Migration } from '../migrate.ts';

/**
 * Logins with refresh tokens, failed logins, sign-ins through a provider, one-time links. Secrets lie here as
 * SHA-256 only; the two exceptions are `nonce` and `pkce` of a sign-in under way, which the server must send
 * again, and which are deleted with it. Instants are milliseconds since 1970 by the server's clock.
 */
export const login: Migration = {
  id: '0003-login',
  sql: `
CREATE TABLE logins (
  tenant text NOT NULL,
  id text NOT NULL,
  user_id text NOT NULL,
  device_id text NOT NULL,
  started_at bigint NOT NULL,
  ended_at bigint,
  ended_by text,
  PRIMARY KEY (tenant, id),
  FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id),
  FOREIGN KEY (tenant, device_id) REFERENCES devices (tenant, id)
);

CREATE INDEX logins_by_device ON logins (tenant, device_id);

CREATE INDEX logins_by_user ON logins (tenant, user_id);

CREATE TABLE refresh_tokens (
  token_hash text PRIMARY KEY,
  tenant text NOT NULL,
  login text NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  repeats integer NOT NULL DEFAULT 0,
  FOREIGN KEY (tenant, login) REFERENCES logins (tenant, id) ON DELETE CASCADE
);

CREATE INDEX refresh_tokens_by_login ON refresh_tokens (tenant, login);

ALTER TABLE sessions ADD COLUMN login text;

CREATE INDEX sessions_by_user ON sessions (tenant, user_id);

CREATE INDEX sessions_by_device ON sessions (tenant, device_id);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE login_failures (
  key text PRIMARY KEY,
  count integer NOT NULL,
  blocked_until bigint NOT NULL,
  forget_at bigint NOT NULL
);

CREATE INDEX login_failures_by_age ON login_failures (forget_at);

ALTER TABLE users ADD COLUMN oidc_issuer text, ADD COLUMN oidc_subject text;

CREATE UNIQUE INDEX users_by_subject ON users (tenant, oidc_issuer, oidc_subject);

CREATE TABLE oidc_flows (
  id text PRIMARY KEY,
  tenant text NOT NULL,
  state_hash text NOT NULL UNIQUE,
  challenge text NOT NULL,
  nonce text NOT NULL,
  pkce text NOT NULL,
  expires_at bigint NOT NULL,
  returned boolean NOT NULL DEFAULT false,
  user_id text,
  code_hash text,
  tries integer NOT NULL DEFAULT 0
);

CREATE INDEX oidc_flows_by_expiry ON oidc_flows (expires_at);

CREATE TABLE one_time_links (
  token_hash text PRIMARY KEY,
  purpose text NOT NULL,
  expires_at bigint NOT NULL
);
`,
};
