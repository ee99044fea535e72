import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { RequestLog } from '../ops/log.ts';
import type { TlsPair } from '../ops/listener.ts';
import type { Metrics } from '../ops/metrics.ts';

/** How the application is served, beside its routes: what the one who starts it decides. */
export interface Serving {
  readonly tls?: TlsPair | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  readonly metrics?: Metrics | undefined;
  /** Routes of the operation: health, metrics, uploads. */
  readonly routes: readonly ((app: FastifyInstance) => Promise<void>)[];
}

/** Limits of every connection, whether it speaks TLS or not. */
const HEADER_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  // Node would answer without a word; the application says what is wrong.
  requireHostHeader: false,
};

/** Options of Fastify that follow from it. An `object`, because Fastify gives a server with TLS another type, which nobody needs. */
export function serverOptionsOf(serving: Serving | undefined): object {
  return {
    // Idle connections end when the server stops; a request that runs is finished (see `stop` in start.ts).
    forceCloseConnections: 'idle',
    logController: new RequestLog(),
    // An id of ours for each request: one that a client sends could carry anything into the log.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    ...(serving?.tls === undefined
      ? { http: HEADER_LIMITS }
      : { https: { ...HEADER_LIMITS, ...serving.tls, minVersion: 'TLSv1.2' } }),
    ...(serving?.trustedProxies === undefined ? {} : { trustProxy: [...serving.trustedProxies] }),
  };
}

/** Hooks and routes that follow from it; called before the routes of the product are added. */
export function install(app: FastifyInstance, serving: Serving | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    // What a user reports can be found in the log.
    reply.header('x-request-id', request.id);
  });
  serving?.metrics?.observe(app);
  for (const routes of serving?.routes ?? []) void app.register(routes);
}
