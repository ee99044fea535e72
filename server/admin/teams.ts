import type { Team, TeamData } from '#shared/sync/admin.ts';
import type { Sql } from '../db/database.ts';
import { notingLosses } from './losses.ts';
import { unknown, type Office } from './office.ts';

/** The teams of the regions in reach. */
export async function listTeams(office: Office): Promise<Team[]> {
  office.demand('teams');
  return readTeams(office.database, office.tenant, null, office.regionsOf('teams'));
}

/**
 * Makes a team or changes it. Its members work in its region from now on.
 * @throws Problem 403 `admin.noRight` for a region out of reach, 404 `admin.unknown` for a region that is not there.
 */
export async function saveTeam(office: Office, id: string, team: TeamData): Promise<Team> {
  office.demand('teams', { regions: [team.region] });
  const { tenant } = office;
  return office.change(async (sql) => {
    const [before] = await readTeams(sql, tenant, id, null);
    if (before !== undefined) requireTeam(office, before);
    const known = await sql.query('SELECT 1 FROM regions WHERE tenant = $1 AND id = $2', [
      tenant,
      team.region,
    ]);
    if (known.length === 0) throw unknown(`region ${team.region}`);
    await notingLosses(sql, tenant, before?.members ?? [], office.context.now(), () =>
      sql.query(
        `INSERT INTO teams (tenant, id, name_zh, name_en, region, tier) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, id) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,
           region = excluded.region, tier = excluded.tier`,
        [tenant, id, team.nameZh, team.nameEn, team.region, team.tier],
      ),
    );
    await office.audit(sql, { act: 'team.saved', subject: `team/${id}`, detail: { ...team } });
    return { id, ...team, members: before?.members ?? [] };
  });
}

/** Who worked in the team's region only by it works there no more, at once. */
export async function removeTeam(office: Office, id: string): Promise<void> {
  office.demand('teams');
  const { tenant } = office;
  await office.change(async (sql) => {
    const [team] = await readTeams(sql, tenant, id, null);
    if (team === undefined) throw unknown(`team ${id}`);
    requireTeam(office, team);
    await notingLosses(sql, tenant, team.members, office.context.now(), () =>
      sql.query('DELETE FROM teams WHERE tenant = $1 AND id = $2', [tenant, id]),
    );
    await office.audit(sql, {
      act: 'team.removed',
      subject: `team/${id}`,
      detail: { region: team.region, members: team.members },
    });
  });
}

function requireTeam(office: Office, { id, region }: Team): void {
  if (!office.may('teams', { regions: [region] })) throw unknown(`team ${id}`);
}

function readTeams(
  sql: Sql,
  tenant: string,
  id: string | null,
  regions: readonly string[] | null,
): Promise<Team[]> {
  return sql.query<Team>(
    `SELECT t.id, t.name_zh AS "nameZh", t.name_en AS "nameEn", t.region, t.tier,
       ARRAY(SELECT m.user_id FROM team_members m WHERE m.tenant = t.tenant AND m.team = t.id
             ORDER BY m.user_id) AS members
     FROM teams t
     WHERE t.tenant = $1 AND ($2::text IS NULL OR t.id = $2) AND ($3::text[] IS NULL OR t.region = ANY($3))
     ORDER BY t.id`,
    [tenant, id, regions],
  );
}
