import type { Migration } from '../migrate.ts';

/**
 * `tenant` leads every key, so that the database can be distributed by it
 * without changing a query. What is compared with JavaScript's string order
 * (stamps, ids, keys) has collation "C".
 *
 * Bodies and states are JSON as text: the body is the canonical text that the
 * hash chain is made over, and both go out on the wire as they lie here,
 * without being parsed (`body::jsonb` where a report wants to look inside).
 */
export const firstTables: Migration = {
  id: '0001-first-tables',
  sql: `
CREATE TABLE server_facts (
  name text PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE tenants (
  tenant text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
  tenant text NOT NULL REFERENCES tenants,
  id text NOT NULL,
  name text NOT NULL,
  password_hash text NOT NULL,
  roles text NOT NULL,
  home_region text NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant, id)
);

CREATE TABLE devices (
  tenant text NOT NULL,
  id text NOT NULL,
  user_id text NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  platform text NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, id),
  UNIQUE (tenant, code),
  FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id)
);

CREATE TABLE sessions (
  token_hash text PRIMARY KEY,
  tenant text NOT NULL,
  user_id text NOT NULL,
  device_id text NOT NULL,
  expires_at bigint NOT NULL,
  FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id),
  FOREIGN KEY (tenant, device_id) REFERENCES devices (tenant, id)
);

CREATE TABLE scopes (
  tenant text NOT NULL REFERENCES tenants,
  scope text COLLATE "C" NOT NULL,
  head bigint NOT NULL DEFAULT 0,
  hash numeric(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant, scope)
);

CREATE TABLE events (
  tenant text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  n bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  device text NOT NULL,
  hlc text COLLATE "C" NOT NULL,
  hash text NOT NULL,
  exception_code text,
  exception_detail text,
  received_at timestamptz NOT NULL DEFAULT now(),
  body text NOT NULL,
  PRIMARY KEY (tenant, scope, n),
  UNIQUE (tenant, id)
);

CREATE INDEX events_by_chain ON events (tenant, device, stream, hlc, id);

CREATE INDEX events_by_device ON events (tenant, device, hlc, id);

CREATE TABLE refusals (
  tenant text NOT NULL,
  device text NOT NULL,
  id text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  hlc text COLLATE "C" NOT NULL,
  hash text NOT NULL,
  code text NOT NULL,
  detail text,
  user_id text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  body text NOT NULL,
  PRIMARY KEY (tenant, device, id)
);

CREATE TABLE event_entities (
  tenant text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  hlc text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, key, scope, hlc, id)
);

CREATE TABLE rows (
  tenant text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  hlc text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (tenant, scope, key)
);

CREATE TABLE segment_cuts (
  tenant text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  head bigint NOT NULL,
  hash numeric(20) NOT NULL,
  cut_at bigint NOT NULL,
  PRIMARY KEY (tenant, scope, head)
);

CREATE TABLE segments (
  tenant text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  head bigint NOT NULL,
  place integer NOT NULL,
  sha256 text NOT NULL,
  row_count integer NOT NULL,
  bytes bigint NOT NULL,
  PRIMARY KEY (tenant, scope, head, place)
);

CREATE INDEX segments_by_hash ON segments (tenant, sha256);

CREATE TABLE blobs (
  tenant text NOT NULL,
  sha256 text NOT NULL,
  size bigint NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant, sha256)
);
`,
};
