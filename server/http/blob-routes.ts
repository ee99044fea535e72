import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { BlobRights } from '../blobs/blob-rights.ts';
import { blobMissing } from '../blobs/blob-store.ts';
import type { ServerContext } from '../context.ts';
import { sessionOf } from './sync-routes.ts';

interface BlobRoute {
  Params: { sha256: string };
}

/** A revoked device may still hand in what it has, and learn that it has arrived. */
const HANDS_IN = { forDelivery: true };

/** Attachments by their SHA-256. Who may not see one is answered as if it were not there, before it is looked for. */
export function blobRoutes(context: ServerContext, maxBytes: number) {
  const rights = new BlobRights(context.database, context.now, context.unnamed);
  return async (app: FastifyInstance): Promise<void> => {
    // Whatever it calls itself, an attachment is bytes, and goes to disk as it comes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

    app.put<BlobRoute>('/v1/blobs/:sha256', { bodyLimit: maxBytes }, async (request) => {
      const session = await sessionOf(context, request, HANDS_IN);
      const { tenant, id } = session.account;
      const { sha256 } = request.params;
      await rights.demandRoom(session, Number(request.headers['content-length'] ?? 0));
      const receipt = await context.blobs.put(tenant, sha256, request.body as Readable);
      await rights.noteBrought(context.blobs, tenant, id, sha256);
      return receipt;
    });
    app.get<BlobRoute>('/v1/blobs/:sha256/receipt', async (request) => {
      const session = await sessionOf(context, request, HANDS_IN);
      const { sha256 } = request.params;
      await rights.demandSeen(session, sha256);
      const receipt = await rights.tell(context.blobs, session, sha256);
      if (receipt === undefined) throw blobMissing();
      return receipt;
    });
    // HEAD is answered by the same route, without the bytes.
    app.get<BlobRoute>('/v1/blobs/:sha256', async (request, reply) => {
      const session = await sessionOf(context, request);
      const { account } = session;
      const { sha256 } = request.params;
      await rights.demandSeen(session, sha256);
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
