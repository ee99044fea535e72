import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { maySee } from '../sync/rights.ts';
import { sessionOf } from './sync-routes.ts';

/** Shorter than what proxies and our own idle limit allow a silent connection. */
const KEEP_ALIVE_MS = 25_000;

interface Listener {
  readonly session: Session;
  readonly reply: FastifyReply;
}

/** Server-sent events that carry only a number: "pull when you like". */
export function pokeRoute(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    const listeners = new Set<Listener>();
    let number = 0;

    const stopHearing = context.pokes.onChange(({ tenant, scopes }) => {
      number++;
      for (const { session, reply } of listeners) {
        const { account } = session;
        const concerned = scopes === 'all' || scopes.some((scope) => maySee(account, scope));
        if (account.tenant === tenant && concerned) reply.raw.write(`data: ${number}\n\n`);
      }
    });
    const keepAlive = setInterval(() => {
      for (const { session, reply } of listeners) {
        if (session.expiresAtMs <= context.now()) reply.raw.end();
        else reply.raw.write(':\n\n');
      }
    }, KEEP_ALIVE_MS);
    app.addHook('preClose', async () => {
      clearInterval(keepAlive);
      stopHearing();
      for (const { reply } of listeners) reply.raw.end();
    });

    app.get('/v1/poke', async (request, reply) => {
      const session = await sessionOf(context, request);
      reply.hijack();
      const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' };
      for (const [name, value] of Object.entries(headers))
        if (value !== undefined) reply.raw.setHeader(name, value);
      const listener = { session, reply };
      listeners.add(listener);
      reply.raw.on('close', () => listeners.delete(listener));
      reply.raw.writeHead(200);
      // The first number says that the line stands: what came before it is found by a pull.
      reply.raw.write(`data: ${number}\n\n`);
    });
  };
}
