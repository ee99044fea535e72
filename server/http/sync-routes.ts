import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  CarriedRequestSchema,
  MAX_PUSH_EVENTS,
  PullRequestSchema,
  PushRequestSchema,
  RenewRequestSchema,
} from '#shared/sync/protocol.ts';
import { readSession, type Session } from '../auth/sessions.ts';
import { isSha256 } from '../blobs/content-store.ts';
import type { ServerContext } from '../context.ts';
import { takeCarried } from '../sync/carried.ts';
import { renewDevice } from '../sync/devices-renew.ts';
import { isTooDeep, readOffer, type Offer } from '../sync/offer.ts';
import { pull } from '../sync/pull.ts';
import { push } from '../sync/push.ts';
import { PushQueue } from '../sync/push-queue.ts';
import { readEntity } from '../sync/read-entity.ts';
import { Problem } from './problem.ts';

/** As the wire has it, but each event is read by itself: a malformed one must not hold up the others. */
const events = z.array(z.unknown()).max(MAX_PUSH_EVENTS);
const PushEnvelopeSchema = PushRequestSchema.extend({ events });
const CarriedEnvelopeSchema = CarriedRequestSchema.extend({ events: events.min(1) });
/** From this version on a push under another epoch is not judged. */
const EPOCH_PROTOCOL = 2;

export function syncRoutes(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    const queue = new PushQueue();
    app.post('/v1/push', async (request) => {
      const whoAsks = (): Promise<Session> => sessionOf(context, request, { forDelivery: true });
      const session = await whoAsks();
      const asked = PushEnvelopeSchema.parse(request.body);
      requireOwnDevice(session, asked.device);
      requireEpoch(context, request, asked.epoch);
      const offers = readOffers(asked.events);
      // Rights and login count as they are when its turn comes.
      return queue.run(session.account.tenant, async (hasWaited) =>
        push(context, hasWaited ? await whoAsks() : session, offers, asked.run),
      );
    });
    app.post('/v1/carried', async (request) => {
      const whoAsks = (): Promise<Session> => sessionOf(context, request, { forDelivery: true });
      const session = await whoAsks();
      const carried = CarriedEnvelopeSchema.parse(request.body);
      const offers = readOffers(carried.events);
      // What is signed is the whole text: it has to be written down as it was, whatever is in it.
      if (carried.events.some(isTooDeep))
        throw new Problem(400, 'http.malformed', 'An event is nested too deep.');
      return queue.run(session.account.tenant, async (hasWaited) =>
        takeCarried(context, hasWaited ? await whoAsks() : session, { ...carried, offers }),
      );
    });
    app.post('/v1/devices/renew', async (request) => {
      const session = await sessionOf(context, request);
      const { device } = RenewRequestSchema.parse(request.body);
      return renewDevice(context, session, device, request.ip);
    });
    app.post('/v1/pull', async (request, reply) => {
      const session = await sessionOf(context, request);
      const asked = PullRequestSchema.parse(request.body);
      requireOwnDevice(session, asked.device);
      return sendLines(request, reply, await pull(context, session, asked));
    });
    app.get<{ Params: { '*': string } }>('/v1/entities/*', async (request, reply) => {
      const whoAsks = (): Promise<Session> => sessionOf(context, request);
      return sendLines(request, reply, await readEntity(context, whoAsks, request.params['*']));
    });
    app.get<{ Querystring: { scope?: unknown } }>('/v1/bootstrap', async (request) => {
      const { account } = await sessionOf(context, request);
      const only = z.string().max(120).optional().parse(request.query.scope);
      return context.bootstrap.manifest(account, context.epoch, only);
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

/**
 * The login of a request. `forDelivery`: a revoked device may use the route too.
 * @throws Problem 401 or 403 when the request carries no token that opens the route.
 */
export function sessionOf(
  context: Pick<ServerContext, 'database' | 'now'>,
  request: FastifyRequest,
  options: { readonly forDelivery?: boolean } = {},
): Promise<Session> {
  return readSession(context.database, request.headers.authorization, context.now(), options);
}

/** @throws Problem 400 when an element has no id to answer to. */
function readOffers(elements: readonly unknown[]): Offer[] {
  return elements.map((element) => {
    const offer = readOffer(element);
    if (offer === undefined) throw new Problem(400, 'http.malformed', 'An event without a UUID as its id.');
    return offer;
  });
}

/**
 * A server that was restored from a backup has to get the facts it lost before later ones: so a laptop of the epoch
 * before is sent away to begin with the oldest. Laptops of protocol 1 know nothing of that.
 */
function requireEpoch(context: ServerContext, request: FastifyRequest, epoch: string): void {
  if (epoch === context.epoch || Number(request.headers['faultline-protocol'] ?? 1) < EPOCH_PROTOCOL) return;
  throw new Problem(
    409,
    'sync.otherEpoch',
    'The server has another history than this laptop knows. Nothing was judged: everything is offered again, the oldest first.',
    undefined,
    { epoch: context.epoch },
  );
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
function sendLines(
  request: FastifyRequest,
  reply: FastifyReply,
  lines: Iterable<string> | AsyncIterable<string>,
): FastifyReply {
  const source = Readable.from(lines);
  void reply.headers({ 'content-type': 'application/x-ndjson; charset=utf-8', vary: 'accept-encoding' });
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(source);
  const packed = createGzip({ level: 5 });
  source.on('error', (error) => packed.destroy(error)).pipe(packed);
  return reply.header('content-encoding', 'gzip').send(packed);
}
