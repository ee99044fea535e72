import type { Migration } from '../migrate.ts';

/**
 * Uploads under way, and who is writing to which. The bytes lie in files; a
 * lock is a row, so that any node sees it, and it ends by itself when its node does.
 */
export const uploads: Migration = {
  id: '0005-uploads',
  sql: `
CREATE TABLE uploads (
  tenant text NOT NULL REFERENCES tenants,
  id text NOT NULL,
  user_id text NOT NULL,
  device_id text NOT NULL,
  sha256 text NOT NULL,
  size bigint NOT NULL,
  touched_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);

CREATE INDEX uploads_by_device ON uploads (tenant, device_id);

CREATE INDEX uploads_by_age ON uploads (touched_at);

CREATE TABLE upload_locks (
  tenant text NOT NULL,
  id text NOT NULL,
  owner text NOT NULL,
  expires_at timestamptz NOT NULL,
  release_wanted boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant, id)
);
`,
};
