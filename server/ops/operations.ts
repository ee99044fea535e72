import { z } from 'zod';
import { Role } from '#shared/domain/directory/events.ts';
import { AccountId, NewPassword, RegionId } from '#shared/sync/admin.ts';
import { listDevices, reinstate, revoke } from '../admin/devices.ts';
import { changeUser, createUser, listUsers } from '../admin/users.ts';
import { ensureRegion, saveAccount } from '../auth/accounts.ts';
import { commandLine } from '../audit/audit-log.ts';
import type { Storage } from '../blobs/storage.ts';
import type { ServerContext } from '../context.ts';
import { purgeStream } from '../sync/purge-stream.ts';
import { writeBackup } from './backup/write-backup.ts';
import { checkData } from './check-data.ts';
import { CommandLineOffice } from './command-line-office.ts';
import { explainParameters } from './explain-parameters.ts';
import { exportData } from './export-data.ts';
import { takeCarriedFolder } from './take-carried.ts';

/** What an operation works on: the data of the running server, or those that the command line opened itself. */
export interface OperationPlace {
  readonly context: ServerContext;
  readonly storage: Storage;
}

interface Operation<P> {
  readonly parameters: z.ZodType<P>;
  run(place: OperationPlace, parameters: P): Promise<unknown>;
}

const tenant = z.string().regex(/^[a-z0-9-]{1,40}$/);
const ALL = 500;

const operations = {
  'user add': operation(
    z.object({
      tenant,
      id: AccountId,
      name: z.string().min(1).max(80),
      password: NewPassword,
      roles: z.array(Role).min(1),
      homeRegion: RegionId,
    }),
    async ({ context }, user) => {
      const { database } = context;
      await database.transaction('write', async (sql) => {
        await sql.query('INSERT INTO tenants (tenant) VALUES ($1) ON CONFLICT DO NOTHING', [user.tenant]);
        await ensureRegion(sql, user.tenant, user.homeRegion);
      });
      await createUser(new CommandLineOffice(context, user.tenant), { ...user, regions: [], teams: [] });
      return `The account ${user.id} is ready.`;
    },
  ),
  /** As `add-user` always did: also sets the password, name, roles and region of an account that exists. */
  'user save': operation(
    z.object({
      tenant,
      id: AccountId,
      name: z.string().min(1).max(80),
      password: NewPassword,
      roles: z.array(Role).min(1),
      homeRegion: RegionId,
    }),
    async ({ context }, user) => {
      await saveAccount(context.database, user);
      return `The account ${user.id} is ready.`;
    },
  ),
  'user list': operation(z.object({ tenant }), async ({ context }, { tenant }) => {
    const users = [];
    for (let after: string | null = ''; after !== null;) {
      const page = await listUsers(new CommandLineOffice(context, tenant), { search: '', after, limit: ALL });
      users.push(...page.users);
      after = page.next;
    }
    return users;
  }),
  'user disable': operation(z.object({ tenant, id: AccountId }), async ({ context }, { tenant, id }) => {
    await changeUser(new CommandLineOffice(context, tenant), id, { disabled: true });
    return `The account ${id} is disabled and its logins have ended.`;
  }),
  'user enable': operation(z.object({ tenant, id: AccountId }), async ({ context }, { tenant, id }) => {
    await changeUser(new CommandLineOffice(context, tenant), id, { disabled: false });
    return `The account ${id} may log in again.`;
  }),
  'user password': operation(
    z.object({ tenant, id: AccountId, password: NewPassword }),
    async ({ context }, { tenant, id, password }) => {
      await changeUser(new CommandLineOffice(context, tenant), id, { password });
      return `The account ${id} has a new password and its logins have ended.`;
    },
  ),
  'device list': operation(
    z.object({ tenant, user: z.string().max(80) }),
    async ({ context }, { tenant, user }) => {
      const devices = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await listDevices(new CommandLineOffice(context, tenant), { user, after, limit: ALL });
        devices.push(...page.devices);
        after = page.next;
      }
      return devices;
    },
  ),
  'device revoke': operation(
    z.object({
      tenant,
      id: z.string().max(80),
      reason: z.string().min(1).max(500),
      endSignIn: z.boolean().default(false),
    }),
    async ({ context }, { tenant, id, reason, endSignIn }) => {
      const { userId } = await revoke(new CommandLineOffice(context, tenant), id, { reason, endSignIn });
      const revoked = `The device ${id} is revoked: it hands in what it still has, reads nothing, and wipes itself.`;
      return endSignIn ? `${revoked} Nobody can log in as ${userId} until there is a new password.` : revoked;
    },
  ),
  'device reinstate': operation(
    z.object({ tenant, id: z.string().max(80), reason: z.string().min(1).max(500) }),
    async ({ context }, { tenant, id, reason }) => {
      await reinstate(new CommandLineOffice(context, tenant), id, reason);
      return `The device ${id} works again.`;
    },
  ),
  backup: operation(z.object({ file: z.string().min(1) }), ({ context, storage }, { file }) =>
    writeBackup({ database: context.database, blobs: storage.attachments, now: context.now }, file),
  ),
  export: operation(z.object({ folder: z.string().min(1) }), (place, { folder }) =>
    exportData(
      { database: place.context.database, blobs: place.storage.attachments, now: place.context.now },
      folder,
    ),
  ),
  purge: operation(
    z.object({ tenant, stream: z.string().regex(/^[a-z-]+\/.{1,200}$/) }),
    async ({ context }, { tenant, stream }) => {
      const purged = await purgeStream(context, commandLine(tenant), stream);
      // Whoever mistyped a name must not believe that the record is gone.
      if (purged.events === 0)
        throw new RangeError(
          `No facts of ${stream} have ever been taken in here. Is the name right? If something of it was refused, its words are gone now.`,
        );
      return purged;
    },
  ),
  /** What a laptop exported, unpacked: see scripts/server/import-bundle.ts. */
  'take carried': operation(
    z.object({ tenant, folder: z.string().min(1) }),
    ({ context }, { tenant, folder }) =>
      takeCarriedFolder(context, new CommandLineOffice(context, tenant).session, folder),
  ),
  check: operation(z.object({}), ({ context, storage }) => checkData(context.database, storage.attachments)),
};
export type OperationName = keyof typeof operations;

/** @throws RangeError for an unknown name and for parameters that do not fit, and what the operation throws. */
export async function runOperation(
  place: OperationPlace,
  name: string,
  parameters: unknown,
): Promise<unknown> {
  if (!Object.hasOwn(operations, name)) throw new RangeError(`There is no operation "${name}".`);
  const { parameters: schema, run } = operations[name as OperationName] as Operation<unknown>;
  const parsed = schema.safeParse(parameters);
  if (!parsed.success) throw new RangeError(explainParameters(parsed.error), { cause: parsed.error });
  return run(place, parsed.data);
}

function operation<P>(parameters: z.ZodType<P>, run: Operation<P>['run']): Operation<P> {
  return { parameters, run };
}
