import { readFileSync } from 'node:fs';
import { SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import type { AdminStatus } from '#shared/sync/admin.ts';
import { QUARANTINED } from './refusals.ts';
import type { Office } from './office.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** How the server is, in figures. */
export async function readStatus(office: Office): Promise<AdminStatus> {
  office.demand('status');
  const { context, database, tenant } = office;
  const [counts] = await database.query<AdminStatus['counts']>(
    `SELECT
       (SELECT count(*) FROM users WHERE tenant = $1)::int AS users,
       (SELECT count(*) FROM users WHERE tenant = $1 AND disabled)::int AS "disabledUsers",
       (SELECT count(*) FROM devices WHERE tenant = $1)::int AS devices,
       (SELECT count(*) FROM devices WHERE tenant = $1 AND revoked_at IS NOT NULL)::int AS "revokedDevices",
       (SELECT count(*) FROM regions WHERE tenant = $1)::int AS regions,
       (SELECT count(*) FROM teams WHERE tenant = $1)::int AS teams,
       (SELECT coalesce(sum(head), 0) FROM scopes WHERE tenant = $1)::bigint AS facts,
       (SELECT count(*) FROM refusals WHERE tenant = $1 AND decision IS NULL AND code = ANY($2))::int
         AS quarantined,
       (SELECT count(*) FROM blobs WHERE tenant = $1)::int AS attachments,
       (SELECT coalesce(sum(size), 0) FROM blobs WHERE tenant = $1)::bigint AS "attachmentBytes"`,
    [tenant, QUARANTINED],
  );
  if (counts === undefined) throw new Error('The database answered no counts.');
  return {
    version,
    protocol: { ...SYNC_PROTOCOL },
    epoch: context.epoch,
    durable: database.durable,
    serverTime: new Date(context.now()).toISOString(),
    counts,
  };
}
