import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  AccountId,
  AuditQuerySchema,
  DeviceQuerySchema,
  NewUserSchema,
  ReasonSchema,
  RefusalQuerySchema,
  RefusalRefSchema,
  RegionId,
  RegionNamesSchema,
  RevokeSchema,
  TeamDataSchema,
  UserChangeSchema,
  UserQuerySchema,
} from '#shared/sync/admin.ts';
import { listDevices, reinstate, revoke } from '../admin/devices.ts';
import { Office } from '../admin/office.ts';
import { acceptRefusal, dismissRefusal, listRefusals } from '../admin/refusals.ts';
import { listRegions, saveRegion } from '../admin/regions.ts';
import { readStatus } from '../admin/status.ts';
import { listTeams, removeTeam, saveTeam } from '../admin/teams.ts';
import { changeUser, createUser, listUsers } from '../admin/users.ts';
import { readAudit } from '../audit/audit-log.ts';
import type { ServerContext } from '../context.ts';
import { sessionOf } from './sync-routes.ts';

interface ById {
  Params: { id: string };
}

/** The office's routes: accounts, devices, what waits for a decision, the audit log. See `shared/sync/admin.ts`. */
export function adminRoutes(context: ServerContext) {
  const officeOf = async (request: FastifyRequest): Promise<Office> =>
    new Office(context, await sessionOf(context, request), request.ip);

  return async (app: FastifyInstance): Promise<void> => {
    app.get('/v1/admin/status', async (request) => readStatus(await officeOf(request)));

    app.get('/v1/admin/users', async (request) =>
      listUsers(await officeOf(request), UserQuerySchema.parse(request.query)),
    );
    app.post('/v1/admin/users', async (request) =>
      createUser(await officeOf(request), NewUserSchema.parse(request.body)),
    );
    app.patch<ById>('/v1/admin/users/:id', async (request) =>
      changeUser(
        await officeOf(request),
        AccountId.parse(request.params.id),
        UserChangeSchema.parse(request.body),
      ),
    );

    app.get('/v1/admin/regions', async (request) => ({
      regions: await listRegions(await officeOf(request)),
    }));
    app.put<ById>('/v1/admin/regions/:id', async (request) =>
      saveRegion(
        await officeOf(request),
        RegionId.parse(request.params.id),
        RegionNamesSchema.parse(request.body),
      ),
    );

    app.get('/v1/admin/teams', async (request) => ({ teams: await listTeams(await officeOf(request)) }));
    app.put<ById>('/v1/admin/teams/:id', async (request) =>
      saveTeam(
        await officeOf(request),
        RegionId.parse(request.params.id),
        TeamDataSchema.parse(request.body),
      ),
    );
    app.delete<ById>('/v1/admin/teams/:id', async (request) => {
      await removeTeam(await officeOf(request), RegionId.parse(request.params.id));
      return {};
    });

    app.get('/v1/admin/devices', async (request) =>
      listDevices(await officeOf(request), DeviceQuerySchema.parse(request.query)),
    );
    app.post<ById>('/v1/admin/devices/:id/revoke', async (request) =>
      revoke(await officeOf(request), request.params.id, RevokeSchema.parse(request.body)),
    );
    app.post<ById>('/v1/admin/devices/:id/reinstate', async (request) =>
      reinstate(await officeOf(request), request.params.id, ReasonSchema.parse(request.body).reason),
    );

    app.get('/v1/admin/refusals', async (request) =>
      listRefusals(await officeOf(request), RefusalQuerySchema.parse(request.query)),
    );
    app.post('/v1/admin/refusals/accept', async (request) => {
      await acceptRefusal(await officeOf(request), RefusalRefSchema.parse(request.body));
      return {};
    });
    app.post('/v1/admin/refusals/dismiss', async (request) => {
      await dismissRefusal(await officeOf(request), RefusalRefSchema.parse(request.body));
      return {};
    });

    app.get('/v1/admin/audit', async (request) => {
      const office = await officeOf(request);
      office.demand('audit');
      return readAudit(office.database, office.tenant, AuditQuerySchema.parse(request.query));
    });
  };
}
