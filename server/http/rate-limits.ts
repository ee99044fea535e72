import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hashSecret } from '../auth/secrets.ts';
import { Problem } from './problem.ts';

/** Requests in a minute. They stop a program that has gone wild, not one that is in a hurry. */
export interface RateLimits {
  /** For each token, so for each device. A first load of 100,000 tickets takes about 60 requests. */
  readonly perToken: number;
  /** For each address: a whole region may sit behind one. */
  readonly perAddress: number;
  /** For each address, on the routes that need no token: they cost the server most and the asker least. */
  readonly perAddressWithoutToken: number;
}

export const RATE_LIMITS: RateLimits = { perToken: 3_000, perAddress: 60_000, perAddressWithoutToken: 1_200 };

const WINDOW_MS = 60_000;
/** Routes that read no token: what stands in `Authorization` there is anybody's, and another one each time. */
const WITHOUT_TOKEN = /^\/v1\/(hello|login|refresh|oidc|first-admin)\b/;
/** Addresses and tokens that are counted at once; the longest unseen goes first. */
const COUNTED = 50_000;

/**
 * Counts the requests of each token and address in this process and answers 429 `http.tooManyRequests` with
 * `Retry-After` beyond the limits. Several nodes count each for itself. Register before the routes.
 */
export function limitRates(app: FastifyInstance, limits: RateLimits): void {
  void app.register(rateLimit, { global: false, cache: COUNTED });
  app.after(() => {
    const address = (request: FastifyRequest): string => normalizeIP(request.ip, 64);
    const counter = (max: number, keyGenerator: (request: FastifyRequest) => string) =>
      app.createRateLimit({ max, timeWindow: WINDOW_MS, keyGenerator });
    const byAddress = counter(limits.perAddress, address);
    const byStranger = counter(limits.perAddressWithoutToken, address);
    const byToken = counter(limits.perToken, (request) => hashSecret(request.headers.authorization ?? ''));
    app.addHook('onRequest', async (request) => {
      const isStranger =
        request.headers.authorization === undefined || WITHOUT_TOKEN.test(request.routeOptions.url ?? '');
      const own = isStranger ? byStranger : byToken;
      for (const count of [byAddress, own]) {
        const counted = await count(request);
        if (!counted.isAllowed && counted.isExceeded) throw tooMany(counted.ttlInSeconds);
      }
    });
  });
}

function tooMany(seconds: number): Problem {
  return new Problem(
    429,
    'http.tooManyRequests',
    `Too many requests. Nothing of this one was looked at; try again in ${seconds} seconds.`,
    seconds,
  );
}
