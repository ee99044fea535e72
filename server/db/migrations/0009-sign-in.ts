import type { Migration } from '../migrate.ts';

/**
 * `login_failures.pending`: attempts that are counted and whose password is still looked at, until `pending_until` at the
 * latest, so that a node that died holds nobody up.
 *
 * `audit_log.tally`: what comes again and again in an hour is one line with a count. It begins with the hour.
 *
 * `users.sign_in_ended`: nobody logs in to the account, however he proves who he is, until the office sets a new password.
 */
export const signIn: Migration = {
  id: '0009-sign-in',
  sql: `
ALTER TABLE login_failures
  ADD COLUMN pending integer NOT NULL DEFAULT 0,
  ADD COLUMN pending_until bigint NOT NULL DEFAULT 0;

ALTER TABLE audit_log
  ADD COLUMN tally text COLLATE "C",
  ADD COLUMN count integer NOT NULL DEFAULT 1;

CREATE UNIQUE INDEX audit_log_by_tally ON audit_log (tenant, tally);

ALTER TABLE users ADD COLUMN sign_in_ended boolean NOT NULL DEFAULT false;
`,
};
