import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { MAX_PUSH_BYTES, SYNC_PROTOCOL } from '#shared/sync/protocol.ts';
import { StorageFailure } from '../blobs/storage-failure.ts';
import type { ServerContext } from '../context.ts';
import { sqlState } from '../db/database.ts';
import { Problem, rawProblem, sendProblem } from './problem.ts';
import { adminRoutes } from './admin-routes.ts';
import { blobRoutes } from './blob-routes.ts';
import { helloRoutes } from './hello-routes.ts';
import { firstAdminRoutes, loginRoutes } from './login-routes.ts';
import { oidcRoutes } from './oidc-routes.ts';
import { pokeRoute } from './poke-route.ts';
import { limitRates } from './rate-limits.ts';
import { install, serverOptionsOf, type Serving } from './serving.ts';
import { syncRoutes } from './sync-routes.ts';

/** The envelope around the events of a push: device, epoch, commas. */
const PUSH_OVERHEAD = 64 * 1024;

/** What PostgreSQL says of text that it cannot hold: `character_not_in_repertoire`, `untranslatable_character`. */
const UNSTORABLE_STATES: ReadonlySet<string> = new Set(['22021', '22P05']);

/** The HTTP application: limits, headers, errors, routes. It listens to nothing yet. */
export function buildApp(
  context: ServerContext,
  log: FastifyBaseLogger,
  maxBlobBytes: number,
  serving?: Serving,
): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAX_PUSH_BYTES + PUSH_OVERHEAD,
    // Idle sockets end; a slow attachment does not, as long as bytes flow. Pokes send a byte every 25 s.
    connectionTimeout: 120_000,
    keepAliveTimeout: 72_000,
    requestTimeout: 3_600_000,
    routerOptions: { maxParamLength: 400 },
    loggerInstance: log,
    // What Node or the router cannot even read as a request is told like everything else.
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, toProblem(error)),
    clientErrorHandler: (error, socket) => {
      if (socket.writable && error.code !== 'ECONNRESET') socket.end(rawProblem(unreadable(error.code)));
      else socket.destroy();
    },
    ...serverOptionsOf(serving),
  });

  if (context.rateLimits !== undefined) limitRates(app, context.rateLimits);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    if (request.headers.host === undefined && request.raw.httpVersion !== '1.0') {
      throw new Problem(400, 'http.malformed', 'A request names the host that it is for.');
    }
    refuseOtherProtocol(request.headers['faultline-protocol'], request.url);
  });
  app.setErrorHandler((error: FastifyError | Problem | StorageFailure | z.ZodError, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && problem.code !== 'server.busy') {
      request.log.error({ err: error }, 'A request failed.');
    }
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, new Problem(404, 'http.notFound', 'There is nothing at this address.')),
  );

  // Expectations that nobody knows are passed over (RFC 9110): Node would answer them without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  install(app, serving);
  void app.register(helloRoutes(context));
  void app.register(loginRoutes(context));
  void app.register(firstAdminRoutes(context));
  void app.register(oidcRoutes(context));
  void app.register(syncRoutes(context));
  void app.register(blobRoutes(context, maxBlobBytes));
  void app.register(pokeRoute(context));
  void app.register(adminRoutes(context));
  return app;
}

/** A laptop of another version may be kept from reading, never from handing in its work. */
function refuseOtherProtocol(header: string | string[] | undefined, url: string): void {
  if (typeof header !== 'string' || url.startsWith('/v1/push') || url.startsWith('/v1/hello')) return;
  const version = Number(header);
  if (version >= SYNC_PROTOCOL.min && version <= SYNC_PROTOCOL.max) return;
  throw new Problem(
    426,
    'sync.otherVersion',
    `This server speaks versions ${SYNC_PROTOCOL.min} to ${SYNC_PROTOCOL.max} of the protocol. Update the older side.`,
  );
}

function toProblem(error: FastifyError | Problem | StorageFailure | z.ZodError): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) {
    const issue = error.issues[0];
    return new Problem(400, 'http.malformed', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  if (error instanceof StorageFailure) {
    // What exactly is wrong is for the administrator: it stands in the log.
    return new Problem(
      503,
      'storage.unavailable',
      'The server cannot reach its store of attachments just now. Nothing is lost: it is tried again later.',
      30,
    );
  }
  // NUL, or half a surrogate pair, in a name or a key: nothing is called that.
  if (UNSTORABLE_STATES.has(sqlState(error) ?? '')) {
    return new Problem(400, 'http.malformed', 'The request holds text that the database cannot hold.');
  }
  if (error.statusCode === 415) {
    return new Problem(415, 'http.mediaType', 'A body of this kind is not read here. Send JSON.');
  }
  if (error.statusCode === 413)
    return new Problem(413, 'http.tooLarge', 'The request is too large. Send less at once.');
  if (error.statusCode !== undefined && error.statusCode < 500) {
    // One status for whatever Fastify has names for: a path that is too long, a length that is none.
    return new Problem(400, 'http.malformed', error.message);
  }
  return new Problem(500, 'server.failed', 'The server failed at this request. It is safe to try again.', 5);
}

/** Why no request could be read, by Node's code of the error. */
function unreadable(code: string): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem(431, 'http.headers', 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem(408, 'http.timeout', 'The request came too slowly.');
  return new Problem(400, 'http.malformed', 'This is not an HTTP request.');
}
