import type { FastifyInstance } from 'fastify';
import { SYNC_PROTOCOL, type Hello } from '#shared/sync/protocol.ts';
import type { ServerContext } from '../context.ts';

/** Who the server is, and how one logs in. */
export function helloRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/v1/hello', async (): Promise<Hello> => ({
      product: 'faultline',
      protocol: { ...SYNC_PROTOCOL },
      epoch: context.epoch,
      serverTime: new Date(context.now()).toISOString(),
      login: { password: true, oidc: context.oidc === undefined ? null : { name: context.oidc.name } },
    }));
  };
}
