import type { FastifyInstance } from 'fastify';
import { LoginRequestSchema, SYNC_PROTOCOL, type Hello } from '#shared/sync/protocol.ts';
import { logIn } from '../auth/log-in.ts';
import type { ServerContext } from '../context.ts';

/** What is open without a login: who the server is, and the login itself. */
export function helloRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/v1/hello', async (): Promise<Hello> => ({
      product: 'faultline',
      protocol: { ...SYNC_PROTOCOL },
      epoch: context.epoch,
      serverTime: new Date(context.now()).toISOString(),
    }));
    app.post('/v1/login', { bodyLimit: 16 * 1024 }, async (request) =>
      logIn(context, LoginRequestSchema.parse(request.body), request.ip),
    );
  };
}
