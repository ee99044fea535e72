import { PassThrough, Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UPLOADS_PATH, type Uploads } from '../blobs/uploads.ts';
import type { ServerContext } from '../context.ts';
import { sessionOf } from './sync-routes.ts';

/** Resumable uploads: everything of tus 1.0 behind a login. What the server answers goes out through Fastify like the rest. */
export function uploadRoutes(context: ServerContext, uploads: Uploads, maxBytes: number) {
  return async (app: FastifyInstance): Promise<void> => {
    // The protocol reads the bytes itself, as they come.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.addHook('onRequest', async (_request, reply) => {
      reply.headers({ 'tus-resumable': '1.0.0', 'tus-version': '1.0.0', 'tus-max-size': String(maxBytes) });
    });
    app.addHook('onClose', async () => uploads.stop());

    const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const session = await sessionOf(context, request, { forDelivery: true });
      const body = bodyOf(request);
      try {
        const response = await uploads.answer(
          new Request(new URL(request.url, 'http://upload.invalid'), {
            method: request.method,
            headers: headersOf(request),
            ...(body === undefined ? {} : { body: Readable.toWeb(body) as ReadableStream, duplex: 'half' }),
          } as RequestInit),
          session,
        );
        for (const [name, value] of response.headers) if (isForClient(name)) reply.header(name, value);
        return await reply.status(response.status).send(response.body === null ? undefined : '');
      } finally {
        // What was refused unread is read and thrown away, so that the answer reaches the client.
        if (body !== undefined) request.raw.unpipe(body).resume();
      }
    };
    app.route({ method: ['POST', 'OPTIONS'], url: UPLOADS_PATH, bodyLimit: maxBytes, handler: answer });
    app.route({
      method: ['HEAD', 'PATCH', 'DELETE'],
      url: `${UPLOADS_PATH}/:id`,
      bodyLimit: maxBytes,
      handler: answer,
    });
  };
}

/** The request's bytes. A connection that breaks ends them: what has come is kept, and the upload goes on from there. */
function bodyOf(request: FastifyRequest): PassThrough | undefined {
  if (request.method !== 'POST' && request.method !== 'PATCH') return undefined;
  const body = new PassThrough();
  request.raw.once('close', () => body.end());
  request.raw.once('error', () => body.end());
  request.raw.pipe(body);
  return body;
}

/** Only what the protocol reads: nothing that a proxy or a client adds can steer it. */
function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (!/^(tus-|upload-|content-(type|length)$)/.test(name) || typeof value !== 'string') continue;
    headers.set(name, value);
  }
  return headers;
}

/** There is no CORS here: no other site's page has any business with uploads. */
function isForClient(name: string): boolean {
  return !name.startsWith('access-control-') && name !== 'content-length';
}
