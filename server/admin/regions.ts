import type { Region, RegionNamesSchema } from '#shared/sync/admin.ts';
import type { z } from 'zod';
import { ensureRegion } from '../auth/accounts.ts';
import type { Sql } from '../db/database.ts';
import { unknown, type Office } from './office.ts';

/** All regions: who looks after users has to name them. */
export async function listRegions(office: Office): Promise<Region[]> {
  office.demand('users');
  return readRegions(office.database, office.tenant, null);
}

/** Makes a region with its scope, or names it anew. A region is never taken away: facts are filed under it. */
export async function saveRegion(
  office: Office,
  id: string,
  names: z.output<typeof RegionNamesSchema>,
): Promise<Region> {
  office.demand('regions');
  return office.change(async (sql) => {
    await ensureRegion(sql, office.tenant, id);
    await sql.query('UPDATE regions SET name_zh = $3, name_en = $4 WHERE tenant = $1 AND id = $2', [
      office.tenant,
      id,
      names.nameZh,
      names.nameEn,
    ]);
    await office.audit(sql, { act: 'region.saved', subject: `region/${id}`, detail: names });
    const [region] = await readRegions(sql, office.tenant, id);
    if (region === undefined) throw unknown(`region ${id}`);
    return region;
  });
}

function readRegions(sql: Sql, tenant: string, id: string | null): Promise<Region[]> {
  return sql.query<Region>(
    `SELECT r.id, r.name_zh AS "nameZh", r.name_en AS "nameEn",
       (SELECT count(*) FROM users u WHERE u.tenant = r.tenant AND u.home_region = r.id)::int AS users,
       (SELECT count(*) FROM teams t WHERE t.tenant = r.tenant AND t.region = r.id)::int AS teams
     FROM regions r WHERE r.tenant = $1 AND ($2::text IS NULL OR r.id = $2) ORDER BY r.id`,
    [tenant, id],
  );
}
