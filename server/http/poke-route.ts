import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../auth/sessions.ts';
import type { ServerContext } from '../context.ts';
import { maySee } from '../sync/rights.ts';
import { Problem } from './problem.ts';
import { sessionOf } from './sync-routes.ts';

/** Of one device at once: a laptop has one, and one more while the last is not known to be dead. */
const LINES_PER_DEVICE = 4;
/** Shorter than what proxies and our own idle limit allow a silent connection. */
const KEEP_ALIVE_MS = 25_000;

interface Listener {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** As it was when it was last looked at. */
  session: Session;
}

/** Server-sent events that carry only a number: "pull when you like". A line ends with its login. */
export function pokeRoute(context: ServerContext) {
  return async (app: FastifyInstance): Promise<void> => {
    const listeners = new Set<Listener>();
    let number = 0;

    /** Ends the line, or takes over what the user may see now. */
    const lookAgain = async (listener: Listener): Promise<void> => {
      try {
        listener.session = await sessionOf(context, listener.request);
      } catch (error) {
        if (!(error instanceof Problem)) app.log.warn({ err: error }, 'A line of pokes was ended.');
        listener.reply.raw.end();
      }
    };
    /** One after the other: the lines of a whole tenant must not take the database's connections at once. */
    const lookAtAll = async (chosen: readonly Listener[]): Promise<void> => {
      for (const listener of chosen) if (listeners.has(listener)) await lookAgain(listener);
    };

    const stopHearing = context.pokes.onChange(({ tenant, scopes }) => {
      number++;
      for (const { session, reply } of listeners) {
        const { account } = session;
        const concerned = scopes === 'all' || scopes.some((scope) => maySee(account, scope));
        if (account.tenant === tenant && concerned) reply.raw.write(`data: ${number}\n\n`);
      }
    });
    const stopWatching = context.pokes.onRightsChanged((tenant) => {
      void lookAtAll([...listeners].filter(({ session }) => session.account.tenant === tenant));
    });
    const stopWaiting = context.pokes.onGap(() => {
      number++;
      for (const { reply } of listeners) reply.raw.write(`data: ${number}\n\n`);
      void lookAtAll([...listeners]);
    });
    const keepAlive = setInterval(() => {
      for (const { reply } of listeners) reply.raw.write(':\n\n');
      void lookAtAll([...listeners]);
    }, KEEP_ALIVE_MS);
    app.addHook('preClose', async () => {
      clearInterval(keepAlive);
      stopHearing();
      stopWatching();
      stopWaiting();
      for (const { reply } of listeners) reply.raw.end();
    });

    // No HEAD: it would be a line on which nothing is ever said.
    app.get('/v1/poke', { exposeHeadRoute: false }, async (request, reply) => {
      const session = await sessionOf(context, request);
      reply.hijack();
      const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' };
      for (const [name, value] of Object.entries(headers))
        if (value !== undefined) reply.raw.setHeader(name, value);
      const listener = { session, request, reply };
      const { account, deviceId } = session;
      const own = [...listeners].filter(
        (other) => other.session.deviceId === deviceId && other.session.account.tenant === account.tenant,
      );
      // Whoever opens more and more of them takes none from anybody else.
      for (const oldest of own.slice(0, Math.max(0, own.length - LINES_PER_DEVICE + 1))) {
        listeners.delete(oldest);
        oldest.reply.raw.end();
      }
      listeners.add(listener);
      reply.raw.on('close', () => listeners.delete(listener));
      reply.raw.writeHead(200);
      // The first number says that the line stands: what came before it is found by a pull.
      reply.raw.write(`data: ${number}\n\n`);
    });
  };
}
