import { describe, expect, it } from 'vitest';
import { HostError } from '#shared/host/errors.ts';
import { SyncError } from '../sync/sync-error.ts';
import { createAdminHandlers, type AdminConnection } from './handlers.ts';

const context = { signal: new AbortController().signal };

/** A server that answers each request with what `answer` makes of it. */
function aServer(answer: (method: string, path: string, body: unknown) => unknown): AdminConnection {
  return {
    once: (work, signal) => work({ admin: async (path, method, body) => answer(method, path, body) }, signal),
  };
}

describe('The office behind the host', () => {
  it('[SY48] asks the server for exactly what the screen asked', async () => {
    const asked: unknown[] = [];
    const handlers = createAdminHandlers(() =>
      aServer((...request) => {
        asked.push(request);
        return { users: [], next: null, entries: [] };
      }),
    );
    await handlers.users({ search: '王 &=', after: '', limit: 20 }, context);
    await handlers.audit({ actor: '', limit: 5 }, context);
    await handlers.removeTeam({ id: 'cd-l3' }, context);
    await handlers.dismissRefusal({ device: 'd', id: 'x'.repeat(36), reason: 'No.' }, context);
    expect(asked).toEqual([
      ['GET', '/v1/admin/users?search=%E7%8E%8B+%26%3D&after=&limit=20', undefined],
      ['GET', '/v1/admin/audit?actor=&limit=5', undefined],
      ['DELETE', '/v1/admin/teams/cd-l3', undefined],
      ['POST', '/v1/admin/refusals/dismiss', { device: 'd', id: 'x'.repeat(36), reason: 'No.' }],
    ]);
  });

  it('[SY44] hands on why the office may not, under a code of its own', async () => {
    const refusing = (serverCode: string): AdminConnection => ({
      once: () =>
        Promise.reject(new SyncError('sync.refusedRequest', 'Because.', { status: 403, serverCode })),
    });
    const codeWith = (serverCode: string): Promise<string> =>
      createAdminHandlers(() => refusing(serverCode))
        .status({}, context)
        .then(
          () => 'answered',
          (thrown: unknown) => (thrown instanceof HostError ? thrown.code : 'other'),
        );
    expect(await codeWith('admin.noRight')).toBe('admin.noRight');
    expect(await codeWith('http.malformed')).toBe('sync.refusedRequest');
  });

  it('[SY48] says that there is nothing to administer in the demo, and that an answer made no sense', async () => {
    const demo = createAdminHandlers(() => undefined);
    await expect(demo.status({}, context)).rejects.toMatchObject({ code: 'admin.noServer' });
    const odd = createAdminHandlers(() => aServer(() => ({ users: 'many' })));
    await expect(odd.users({ search: '', after: '', limit: 1 }, context)).rejects.toMatchObject({
      code: 'sync.badAnswer',
    });
  });
});
