import type { Migration } from '../migrate.ts';

/**
 * Sharing. `shares`: the last word on whether a stream of a home scope goes to another scope besides; written only
 * by who holds the lock on the stream's own row in its home scope. `deliveries`: what a scope was given of other
 * scopes' streams, under its own numbers; the bodies stay in `events`. A purged event has no body.
 *
 * `scopes.floor`: bootstrap cuts below it hold what may not be handed out any more.
 *
 * `feed` is all that a scope sends, as one list: for reports and checks, the server itself reads the tables.
 */
export const feeds: Migration = {
  id: '0004-feeds',
  sql: `
CREATE TABLE shares (
  tenant text NOT NULL,
  stream text COLLATE "C" NOT NULL,
  home text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  hlc text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  active boolean NOT NULL,
  PRIMARY KEY (tenant, stream, home, scope)
);

CREATE INDEX shares_by_scope ON shares (tenant, scope) WHERE active;

CREATE TABLE deliveries (
  tenant text NOT NULL,
  scope text COLLATE "C" NOT NULL,
  n bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('event', 'left', 'deleted')),
  id text COLLATE "C" NOT NULL,
  stream text COLLATE "C" NOT NULL,
  home text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, scope, n)
);

CREATE INDEX deliveries_by_id ON deliveries (tenant, id, scope);

ALTER TABLE events ADD COLUMN purged boolean NOT NULL DEFAULT false;

ALTER TABLE scopes ADD COLUMN floor bigint NOT NULL DEFAULT 0;

CREATE VIEW feed WITH (security_invoker = true) AS
SELECT tenant, scope, n, CASE WHEN purged THEN 'deleted' ELSE 'event' END AS kind, id, stream, scope AS home, body
FROM events
UNION ALL
SELECT d.tenant, d.scope, d.n,
  CASE WHEN d.kind <> 'event' THEN d.kind WHEN e.purged THEN 'deleted' WHEN s.active THEN 'event' ELSE 'left' END,
  d.id, d.stream, d.home, CASE WHEN d.kind = 'event' AND s.active THEN e.body ELSE '' END
FROM deliveries d
LEFT JOIN events e ON e.tenant = d.tenant AND e.id = d.id
LEFT JOIN shares s ON s.tenant = d.tenant AND s.stream = d.stream AND s.home = d.home AND s.scope = d.scope;
`,
};
