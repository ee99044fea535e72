import { createHash, randomBytes } from 'node:crypto';
import { beginUpload, patch } from '#test/support/uploads.ts';
import { DeviceKey } from '#test/support/login-device.ts';
import { SyncDevice } from '#test/support/sync-device.ts';
import type { AttackedServer } from './attacked-server.ts';

/** Whatever is secret of the victim has this in it. */
export const CANARY = 'canary-7f3a';
export const PASSWORD = 'correct horse battery';

/** Somebody with a bit of everything that could be stolen or changed. */
export interface Victim {
  readonly tenant: string;
  readonly device: SyncDevice;
  readonly admin: SyncDevice;
  readonly key: DeviceKey;
  readonly ticket: string;
  readonly segment: string;
  readonly blob: string;
  readonly upload: string;
  readonly team: string;
  readonly refusal: { readonly device: string; readonly id: string };
  /** What must be in no answer to anybody else; hashes and ids are for the attacker to know. */
  readonly secrets: readonly string[];
}

export async function newUser(
  server: AttackedServer,
  user: { id: string; tenant: string; roles: string[]; homeRegion: string; name?: string },
  device: object = {},
): Promise<SyncDevice> {
  await server.running.addAccount({ name: user.id, password: PASSWORD, ...user } as Parameters<
    AttackedServer['running']['addAccount']
  >[0]);
  return SyncDevice.logIn(server.url, user.id, PASSWORD, device, user.tenant);
}

/** Region `sz` of the tenant `acme`: an engineer with facts, a row, a segment, attachments, an upload, a refused fact. */
export async function plantVictim(server: AttackedServer): Promise<Victim> {
  const tenant = 'acme';
  const key = new DeviceKey();
  const name = `${CANARY}-name`;
  const admin = await newUser(server, { tenant, id: 'boss', roles: ['admin'], homeRegion: 'sz', name });
  const device = await newUser(
    server,
    { tenant, id: 'victim', roles: ['engineer'], homeRegion: 'sz', name },
    { name: `${CANARY}-laptop`, publicKey: key.publicKey },
  );
  await newUser(server, { tenant, id: 'far', roles: ['engineer'], homeRegion: 'bj' });
  const ticket = 'ticket/planted';
  const refused = device.event({ stream: ticket, scope: 'region/bj', data: { text: `${CANARY}-refused` } });
  await device.push([
    device.event({ stream: ticket, type: 'ticket.noted', data: { text: `${CANARY}-event` } }),
    device.event({
      stream: 'customer/planted',
      type: 'customer.registered',
      data: { name: `${CANARY}-row` },
    }),
    device.event({ stream: 'probe/secret', data: { text: `${CANARY}-event` } }),
    device.event({ stream: 'probe/own', scope: 'user/victim', data: { text: `${CANARY}-event` } }),
    refused,
  ]);
  const [segment] = (await device.manifest()).segments;
  if (segment === undefined) throw new Error('No segment to steal.');

  const bytes = Buffer.concat([Buffer.from(`${CANARY}-blob`), randomBytes(40)]);
  const blob = createHash('sha256').update(bytes).digest('hex');
  await device.request('PUT', `/v1/blobs/${blob}`, bytes);
  const half = Buffer.concat([Buffer.from(`${CANARY}-upload`), randomBytes(40)]);
  const upload = await beginUpload(device, half);
  await patch(device, upload, 0, half.subarray(0, 30));

  await good(admin, 'PUT', '/v1/admin/teams/planted', {
    nameZh: `${CANARY}-team`,
    nameEn: `${CANARY}-team`,
    region: 'sz',
    tier: null,
  });
  await good(admin, 'POST', `/v1/admin/devices/${admin.login.deviceId}/reinstate`, {
    reason: `${CANARY}-reason`,
  });
  return {
    tenant,
    device,
    admin,
    key,
    ticket,
    segment: segment.sha256,
    blob,
    upload,
    team: 'planted',
    refusal: { device: device.login.deviceId, id: refused.id },
    secrets: [CANARY, device.login.token, admin.login.token],
  };
}

async function good(admin: SyncDevice, method: string, path: string, body: object): Promise<void> {
  const answer = await admin.request(method, path, body);
  if (answer.status !== 200)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
