import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { MAX_PUSH_EVENTS, PullRequestSchema, PushRequestSchema } from '#shared/sync/protocol.ts';
import { readSession, type Session } from '../auth/sessions.ts';
import { isSha256 } from '../blobs/content-files.ts';
import type { ServerContext } from '../context.ts';
import { readOffer } from '../sync/offer.ts';
import { pull } from '../sync/pull.ts';
import { push } from '../sync/push.ts';
import { readEntity } from '../sync/read-entity.ts';
import { Problem } from './problem.ts';

/** As the wire has it, but each event is read by itself: a malformed one must not hold up the others. */
const PushEnvelopeSchema = PushRequestSchema.extend({ events: z.array(z.unknown()).max(MAX_PUSH_EVENTS) });

export function syncRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    app.post('/v1/push', async (request) => {
      const session = await sessionOf(context, request);
      const { device, events } = PushEnvelopeSchema.parse(request.body);
      requireOwnDevice(session, device);
      const offers = events.map((event) => {
        const offer = readOffer(event);
        if (offer === undefined)
          throw new Problem(400, 'http.malformed', 'An event without a UUID as its id.');
        return offer;
      });
      return push(context, session, offers);
    });
    app.post('/v1/pull', async (request, reply) => {
      const session = await sessionOf(context, request);
      const asked = PullRequestSchema.parse(request.body);
      requireOwnDevice(session, asked.device);
      return sendLines(request, reply, await pull(context, session, asked));
    });
    app.get<{ Params: { '*': string } }>('/v1/entities/*', async (request, reply) => {
      const session = await sessionOf(context, request);
      return sendLines(request, reply, await readEntity(context, session, request.params['*']));
    });
    app.get('/v1/bootstrap', async (request) => {
      const { account } = await sessionOf(context, request);
      return context.bootstrap.manifest(account, context.epoch);
    });
    app.get<{ Params: { sha256: string } }>('/v1/segments/:sha256', async (request, reply) => {
      const { account } = await sessionOf(context, request);
      const { sha256 } = request.params;
      const segment = isSha256(sha256) ? await context.bootstrap.segment(account, sha256) : undefined;
      if (segment === undefined) {
        throw new Problem(
          404,
          'sync.unknownSegment',
          'There is no such segment any more. Ask for the manifest again.',
        );
      }
      // The bytes themselves are gzip and are named by their hash: no `content-encoding` that would unpack them.
      return reply
        .headers({
          'content-type': 'application/gzip',
          'content-length': segment.size,
          'cache-control': 'private, max-age=604800, immutable',
        })
        .send(segment.content);
    });
  };
}

/** @throws Problem 401 when the request carries no valid token. */
export function sessionOf(context: ServerContext, request: FastifyRequest): Promise<Session> {
  return readSession(context.database, request.headers.authorization, context.now());
}

function requireOwnDevice(session: Session, device: string): void {
  if (device === session.deviceId) return;
  throw new Problem(
    403,
    'auth.wrongDevice',
    'This login belongs to another device. Log in again on this one.',
  );
}

/** Sends NDJSON line by line, compressed when the client can read that. */
function sendLines(request: FastifyRequest, reply: FastifyReply, lines: readonly string[]): FastifyReply {
  const source = Readable.from(lines);
  void reply.headers({ 'content-type': 'application/x-ndjson; charset=utf-8', vary: 'accept-encoding' });
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(source);
  const packed = createGzip({ level: 5 });
  source.on('error', (error) => packed.destroy(error)).pipe(packed);
  return reply.header('content-encoding', 'gzip').send(packed);
}
