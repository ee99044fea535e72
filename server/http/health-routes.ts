import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Metrics } from '../ops/metrics.ts';
import type { Readiness } from '../ops/readiness.ts';
import { Problem } from './problem.ts';

export interface HealthOptions {
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
  /** Opens `/metrics` from elsewhere than this machine, as a bearer token. */
  readonly metricsToken?: string;
}

/** For process supervisors, balancers and Prometheus. The first two tell nothing but yes or no to strangers. */
export function healthRoutes({ metrics, readiness, metricsToken }: HealthOptions) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/healthz', async () => ({ status: 'ok' }));
    app.get('/readyz', async (request, reply) => {
      const { ready, checks } = await readiness();
      return reply
        .status(ready ? 200 : 503)
        .send({ status: ready ? 'ready' : 'notReady', ...(isLocal(request) ? { checks } : {}) });
    });
    app.get('/metrics', async (request, reply) => {
      if (!isLocal(request) && !carries(request, metricsToken)) {
        throw new Problem(
          403,
          'metrics.closed',
          'Metrics are for this machine, or for who has the metrics token.',
        );
      }
      return reply.header('content-type', metrics.registry.contentType).send(await metrics.text());
    });
  };
}

/** From this machine itself. Behind a proxy on the same machine everybody seems to be: then its headers give it away. */
function isLocal({ raw, headers }: FastifyRequest): boolean {
  const address = raw.socket.remoteAddress ?? '';
  const isForwarded = 'x-forwarded-for' in headers || 'forwarded' in headers || 'via' in headers;
  return !isForwarded && (address === '::1' || address.replace(/^::ffff:/, '').startsWith('127.'));
}

function carries({ headers }: FastifyRequest, token: string | undefined): boolean {
  if (token === undefined || token === '') return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}
