import { randomBytes } from 'node:crypto';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { SyncDevice } from '#test/support/sync-device.ts';
import type { Victim } from './victim.ts';

/** Who tries. `rival`: the administrator of another tenant. The next three belong to another region of the victim's tenant. */
export const INSIDERS = ['rival', 'engineer', 'customer', 'manager', 'revoked'] as const;
export type Insider = (typeof INSIDERS)[number];

/** `status code`, or `200 own`: answered with nothing but the asker's own. */
export type Expected = string;

export interface Attack {
  /** As Fastify knows the route. */
  readonly route: string;
  /** What is tried. */
  readonly what: string;
  readonly path: string;
  readonly body?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<Insider, Expected>>;
}

/** Routes that need no token, and why: each is attacked by tests of its own. */
export const OPEN_ROUTES: Readonly<Record<string, string>> = {
  'GET /v1/hello': 'who the server is',
  'POST /v1/login': 'proves who somebody is',
  'POST /v1/refresh': 'the refresh token and the device’s signature prove it',
  'POST /v1/oidc/begin': 'begins a sign-in',
  'POST /v1/oidc/complete': 'verifier and code prove it',
  'GET /v1/oidc/callback': 'the provider’s answer proves it',
  'GET /v1/first-admin/:token': 'the link is the secret',
  'POST /v1/first-admin': 'the link is the secret',
  'GET /healthz': 'says that it runs',
  'GET /readyz': 'says that it works',
  'GET /metrics': 'for this machine or the metrics token',
};

const REVOKED = '403 auth.deviceRevoked';
/** Where what is asked for is not there in the asker's eyes, whoever he is. */
const everybody = (expected: Expected, revoked: Expected = REVOKED): Record<Insider, Expected> => ({
  rival: expected,
  engineer: expected,
  customer: expected,
  manager: expected,
  revoked,
});
/** Only administrators, and managers as far as they reach. */
const office = (rival: Expected, manager: Expected): Record<Insider, Expected> => ({
  rival,
  engineer: '403 admin.noRight',
  customer: '403 admin.noRight',
  manager,
  revoked: REVOKED,
});

/** Every route that wants a token, with a request that is well-formed and after something of the victim. */
export function attacksOn(victim: Victim, attacker: SyncDevice): Attack[] {
  const { device, refusal, blob, upload, segment, team, ticket } = victim;
  const own = { epoch: attacker.epoch, device: attacker.login.deviceId };
  const inVictimsScope = attacker.event({
    stream: ticket,
    scope: 'region/sz',
    type: 'ticket.noted',
    data: { text: 'x' },
  });
  const forged: DomainEvent = {
    ...attacker.event({ stream: ticket, scope: 'region/sz' }),
    actor: 'victim',
    device: device.login.deviceId,
  };
  const reason = { reason: 'because' };
  const names = { nameZh: 'x', nameEn: 'x' };
  const user = {
    id: `made-${randomBytes(4).toString('hex')}`,
    name: 'x',
    password: 'x'.repeat(12),
    roles: ['engineer'],
    homeRegion: 'sz',
  };
  const tus = { 'tus-resumable': '1.0.0' };
  const bytes = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '30' };
  const victimDevice = `/v1/admin/devices/${device.login.deviceId}`;
  const list = (route: string, path: string, manager: Expected = '200 own'): Attack => ({
    route: `GET ${route}`,
    what: 'list',
    path,
    expected: office('200 own', manager),
  });
  return [
    {
      route: 'POST /v1/push',
      what: 'into the victim’s scope',
      path: '/v1/push',
      body: { ...own, events: [inVictimsScope] },
      expected: everybody('200 own', '200 own'),
    },
    {
      route: 'POST /v1/push',
      what: 'as the victim',
      path: '/v1/push',
      body: { ...own, events: [forged] },
      expected: everybody('200 own', '200 own'),
    },
    {
      route: 'POST /v1/push',
      what: 'from the victim’s device',
      path: '/v1/push',
      body: { ...own, device: device.login.deviceId, events: [forged] },
      expected: everybody('403 auth.wrongDevice', '403 auth.wrongDevice'),
    },
    {
      route: 'POST /v1/carried',
      what: 'signed by nobody',
      path: '/v1/carried',
      body: {
        device: device.login.deviceId,
        events: [forged],
        signature: randomBytes(64).toString('base64url'),
      },
      expected: everybody('403 sync.badSignature', '403 sync.badSignature'),
    },
    {
      route: 'POST /v1/devices/renew',
      what: 'with no key',
      path: '/v1/devices/renew',
      body: { device: { id: device.login.deviceId, name: 'x', platform: 'x', publicKey: 'none' } },
      expected: everybody('400 auth.badKey'),
    },
    {
      route: 'POST /v1/pull',
      what: 'the victim’s scopes',
      path: '/v1/pull',
      body: { ...own, cursors: { 'region/sz': 0, 'user/victim': 0 } },
      expected: everybody('200 own'),
    },
    {
      route: 'POST /v1/pull',
      what: 'as the victim’s device',
      path: '/v1/pull',
      body: { ...own, device: device.login.deviceId, cursors: {} },
      expected: everybody('403 auth.wrongDevice'),
    },
    {
      route: 'GET /v1/entities/*',
      what: 'the victim’s ticket',
      path: `/v1/entities/${ticket}`,
      expected: everybody('200 own'),
    },
    {
      route: 'GET /v1/entities/*',
      what: 'the victim’s customer',
      path: '/v1/entities/customer%2Fplanted',
      expected: everybody('200 own'),
    },
    { route: 'GET /v1/bootstrap', what: 'all', path: '/v1/bootstrap', expected: everybody('200 own') },
    {
      route: 'GET /v1/bootstrap',
      what: 'the victim’s region',
      path: '/v1/bootstrap?scope=region%2Fsz',
      expected: everybody('404 sync.unknownScope'),
    },
    {
      route: 'GET /v1/bootstrap',
      what: 'the victim’s own scope',
      path: '/v1/bootstrap?scope=user%2Fvictim',
      expected: everybody('404 sync.unknownScope'),
    },
    {
      route: 'GET /v1/segments/:sha256',
      what: 'the victim’s',
      path: `/v1/segments/${segment}`,
      expected: everybody('404 sync.unknownSegment'),
    },
    {
      route: 'PUT /v1/blobs/:sha256',
      what: 'other bytes under the victim’s name',
      path: `/v1/blobs/${blob}`,
      bytes: Buffer.from('other'),
      expected: { ...everybody('422 blob.wrongHash', '422 blob.wrongHash'), customer: '403 blob.noRight' },
    },
    {
      route: 'GET /v1/blobs/:sha256',
      what: 'the victim’s',
      path: `/v1/blobs/${blob}`,
      expected: everybody('404 blob.missing'),
    },
    {
      route: 'GET /v1/blobs/:sha256/receipt',
      what: 'whether it is there',
      path: `/v1/blobs/${blob}/receipt`,
      expected: everybody('404 blob.missing', '404 blob.missing'),
    },
    {
      route: 'POST /v1/uploads',
      what: 'with a path for a name',
      path: '/v1/uploads',
      headers: {
        ...tus,
        'upload-length': '5',
        'upload-metadata': `sha256 ${Buffer.from(`../acme/${blob}`).toString('base64')}`,
      },
      expected: everybody('400 blob.badName', '400 blob.badName'),
    },
    {
      route: 'OPTIONS /v1/uploads',
      what: 'what it can',
      path: '/v1/uploads',
      headers: tus,
      expected: everybody('204 own', '204 own'),
    },
    {
      route: 'HEAD /v1/uploads/:id',
      what: 'the victim’s',
      path: upload,
      headers: tus,
      expected: everybody('404', '404'),
    },
    {
      route: 'PATCH /v1/uploads/:id',
      what: 'the victim’s',
      path: upload,
      headers: { ...tus, ...bytes },
      bytes: Buffer.from('other'),
      expected: everybody('404 upload.unknown', '404 upload.unknown'),
    },
    {
      route: 'DELETE /v1/uploads/:id',
      what: 'the victim’s',
      path: upload,
      headers: tus,
      expected: everybody('404 upload.unknown', '404 upload.unknown'),
    },
    { route: 'GET /v1/poke', what: 'listen', path: '/v1/poke', expected: everybody('200 own') },
    list('/v1/admin/status', '/v1/admin/status', '403 admin.noRight'),
    list('/v1/admin/users', '/v1/admin/users?search=canary'),
    {
      route: 'POST /v1/admin/users',
      what: 'into the victim’s region',
      path: '/v1/admin/users',
      body: user,
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    {
      route: 'PATCH /v1/admin/users/:id',
      what: 'the victim’s password',
      path: '/v1/admin/users/victim',
      body: { password: 'x'.repeat(12) },
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    list('/v1/admin/regions', '/v1/admin/regions'),
    {
      route: 'PUT /v1/admin/regions/:id',
      what: 'the victim’s, without a name',
      path: '/v1/admin/regions/sz',
      body: { nameZh: '', nameEn: '' },
      expected: everybody('400 http.malformed'),
    },
    list('/v1/admin/teams', '/v1/admin/teams'),
    {
      route: 'PUT /v1/admin/teams/:id',
      what: 'the victim’s',
      path: `/v1/admin/teams/${team}`,
      body: { ...names, region: 'sz', tier: null },
      expected: office('404 admin.unknown', '403 admin.noRight'),
    },
    {
      route: 'DELETE /v1/admin/teams/:id',
      what: 'the victim’s',
      path: `/v1/admin/teams/${team}`,
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    list('/v1/admin/devices', '/v1/admin/devices?user=victim'),
    {
      route: 'POST /v1/admin/devices/:id/revoke',
      what: 'the victim’s',
      path: `${victimDevice}/revoke`,
      body: reason,
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    {
      route: 'POST /v1/admin/devices/:id/reinstate',
      what: 'the victim’s',
      path: `${victimDevice}/reinstate`,
      body: reason,
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    list('/v1/admin/refusals', '/v1/admin/refusals'),
    {
      route: 'POST /v1/admin/refusals/accept',
      what: 'the victim’s',
      path: '/v1/admin/refusals/accept',
      body: { ...refusal, ...reason },
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    {
      route: 'POST /v1/admin/refusals/dismiss',
      what: 'the victim’s',
      path: '/v1/admin/refusals/dismiss',
      body: { ...refusal, ...reason },
      expected: office('404 admin.unknown', '404 admin.unknown'),
    },
    list('/v1/admin/audit', '/v1/admin/audit', '403 admin.noRight'),
  ];
}
