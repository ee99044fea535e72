import type { FastifyInstance } from 'fastify';
import { OidcBeginSchema, OidcCompleteSchema } from '#shared/sync/protocol.ts';
import { beginSignIn } from '../auth/oidc/begin-sign-in.ts';
import { completeSignIn } from '../auth/oidc/complete-sign-in.ts';
import { OidcProvider } from '../auth/oidc/oidc-provider.ts';
import { returnFromProvider } from '../auth/oidc/return-from-provider.ts';
import type { ServerContext } from '../context.ts';
import { sendPage } from './pages/page.ts';
import { signInCode, signInFailed } from './pages/sign-in-page.ts';
import { Problem } from './problem.ts';

const BODY_LIMIT = 16 * 1024;

/** Signing in through the provider: the laptop begins, the browser comes back here, the laptop completes with a code. */
export function oidcRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    const { oidc } = context;
    const provider = oidc === undefined ? undefined : new OidcProvider(oidc, () => callbackUrl(context));
    const required = (): OidcProvider => {
      if (provider !== undefined) return provider;
      throw new Problem(
        404,
        'auth.noProvider',
        'This server has no sign-in service. Log in with a password.',
      );
    };
    app.post('/v1/oidc/begin', { bodyLimit: BODY_LIMIT }, async (request) =>
      beginSignIn(context, required(), OidcBeginSchema.parse(request.body)),
    );
    app.post('/v1/oidc/complete', { bodyLimit: BODY_LIMIT }, async (request) => {
      required();
      return completeSignIn(context, OidcCompleteSchema.parse(request.body), request.ip);
    });
    // `logLevel`: the address carries the provider's code, and requests are logged with their address.
    app.get('/v1/oidc/callback', { logLevel: 'silent' }, async (request, reply) => {
      const query = new URL(request.url, 'http://callback').search;
      const outcome = await returnFromProvider(context, required(), query);
      if ('fault' in outcome) {
        // The reason is the provider's or the library's, and has neither codes nor tokens in it.
        if (outcome.reason !== undefined) app.log.warn({ reason: outcome.reason }, 'A sign-in failed.');
        return sendPage(
          request,
          reply,
          outcome.fault === 'unreachable' ? 503 : 403,
          signInFailed(outcome.fault),
        );
      }
      return sendPage(request, reply, 200, signInCode(outcome.code));
    });
  };
}

function callbackUrl(context: ServerContext): string {
  const address = context.publicUrl?.() ?? '';
  if (address === '') throw new Error('The server does not know its own address yet.');
  return `${address}/v1/oidc/callback`;
}
