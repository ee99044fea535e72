import type { FastifyInstance } from 'fastify';
import { LoginRequestSchema, RefreshRequestSchema } from '#shared/sync/protocol.ts';
import { makeFirstAdmin } from '../auth/first-admin.ts';
import { logIn } from '../auth/log-in.ts';
import { linkWorks } from '../auth/one-time-links.ts';
import { refresh } from '../auth/refresh.ts';
import type { ServerContext } from '../context.ts';
import {
  firstAdminForm,
  firstAdminLinkGone,
  firstAdminMade,
  SHORTEST_ADMIN_PASSWORD,
  type AdminFormFault,
} from './pages/first-admin-page.ts';
import { sendPage } from './pages/page.ts';

/** More than any honest login needs, less than would be worth sending. */
const BODY_LIMIT = 16 * 1024;

/** What gives tokens: the password, and the refresh token. */
export function loginRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    app.post('/v1/login', { bodyLimit: BODY_LIMIT }, async (request) =>
      logIn(context, LoginRequestSchema.parse(request.body), request.ip),
    );
    app.post('/v1/refresh', { bodyLimit: BODY_LIMIT }, async (request) =>
      refresh(context, RefreshRequestSchema.parse(request.body), request.ip),
    );
  };
}

/** The one-time link of the first administrator: a page with a form, and where the form goes. */
export function firstAdminRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_LIMIT },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    // `logLevel`: the address is the secret, and requests are logged with their address.
    app.get<{ Params: { token: string } }>(
      '/v1/first-admin/:token',
      { logLevel: 'silent' },
      async (request, reply) => {
        const { token } = request.params;
        const works = await linkWorks(context.database, 'firstAdmin', token, context.now());
        return works
          ? sendPage(request, reply, 200, firstAdminForm(token))
          : sendPage(request, reply, 410, firstAdminLinkGone);
      },
    );
    app.post('/v1/first-admin', { bodyLimit: BODY_LIMIT }, async (request, reply) => {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const field = (name: string): string => form.get(name) ?? '';
      const [token, name, password] = [field('token'), field('name').trim(), field('password')];
      const fault = faultOf(name, password, field('again'));
      if (fault !== undefined) {
        const works = await linkWorks(context.database, 'firstAdmin', token, context.now());
        if (works) return sendPage(request, reply, 422, firstAdminForm(token, name, fault));
      } else if (await makeFirstAdmin(context, token, { name, password }, request.ip)) {
        return sendPage(request, reply, 200, firstAdminMade);
      }
      return sendPage(request, reply, 410, firstAdminLinkGone);
    });
  };
}

function faultOf(name: string, password: string, again: string): AdminFormFault | undefined {
  if (name.length === 0 || name.length > 80 || /\p{C}/u.test(name)) return 'name';
  if (password.length < SHORTEST_ADMIN_PASSWORD || password.length > 1000) return 'short';
  return password === again ? undefined : 'differs';
}
