import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { limitRates } from '#server/http/rate-limits.ts';

it('[AT9] counts requests for a login as those of a stranger, whatever token he invents', async () => {
  const app = Fastify();
  limitRates(app, { perToken: 5, perAddress: 1_000, perAddressWithoutToken: 5 });
  await app.register(async (routes) => {
    for (const path of ['/v1/login', '/v1/oidc/begin', '/v1/first-admin'])
      routes.post(path, async () => ({}));
  });
  const paths = ['/v1/login', '/v1/oidc/begin', '/v1/first-admin'];
  const statuses: number[] = [];
  for (let tries = 0; tries < 12; tries++) {
    const headers = { authorization: `Bearer invented-${tries}` };
    const answer = await app.inject({ method: 'POST', url: paths[tries % 3] ?? '', headers });
    statuses.push(answer.statusCode);
  }
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  await app.close();
});
