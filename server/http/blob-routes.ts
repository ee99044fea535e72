import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { blobMissing } from '../blobs/blob-store.ts';
import type { ServerContext } from '../context.ts';
import { sessionOf } from './sync-routes.ts';

interface BlobRoute {
  Params: { sha256: string };
}

/** A revoked device may still hand in what it has, and learn that it has arrived. */
const HANDS_IN = { forDelivery: true };

/** Attachments by their SHA-256. */
export function blobRoutes(context: ServerContext, maxBytes: number) {
  return async (app: FastifyInstance): Promise<void> => {
    // Whatever it calls itself, an attachment is bytes, and goes to disk as it comes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

    app.put<BlobRoute>('/v1/blobs/:sha256', { bodyLimit: maxBytes }, async (request) => {
      const { account } = await sessionOf(context, request, HANDS_IN);
      return context.blobs.put(account.tenant, request.params.sha256, request.body as Readable);
    });
    app.get<BlobRoute>('/v1/blobs/:sha256/receipt', async (request) => {
      const { account } = await sessionOf(context, request, HANDS_IN);
      const receipt = await context.blobs.receipt(account.tenant, request.params.sha256);
      if (receipt === undefined) throw blobMissing();
      return receipt;
    });
    // HEAD is answered by the same route, without the bytes.
    app.get<BlobRoute>('/v1/blobs/:sha256', async (request, reply) => {
      const { account } = await sessionOf(context, request);
      const { sha256 } = request.params;
      const size = await context.blobs.size(account.tenant, sha256);
      reply.headers({
        'content-type': 'application/octet-stream',
        'content-length': size,
        'content-disposition': 'attachment',
      });
      // An empty stream keeps the length in the header; without a stream Fastify would put 0 there.
      const content =
        request.method === 'HEAD' ? Readable.from([]) : context.blobs.read(account.tenant, sha256);
      return reply.send(content);
    });
  };
}
