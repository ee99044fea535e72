import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { pino, type DestinationStream, type Logger } from 'pino';
import { sqlState } from '../db/database.ts';

/**
 * The server's log: one JSON object a line. What is in it is decided here and is a list of what may be in, not of what may
 * not: requests by route pattern and errors by kind and place. No bodies, headers, addresses, names or queries.
 * @param to for tests; default the standard output.
 */
export function openLog(level: string, to?: DestinationStream): Logger {
  const serializers = { req: () => undefined, res: () => undefined, err: readableError };
  return to === undefined ? pino({ level, serializers }) : pino({ level, serializers }, to);
}

/** Errors of the database carry rows, parameters and statements in their message and members: only the kind is kept. */
export function readableError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const state = sqlState(error);
  const place = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(state === undefined ? { message: error.message } : { sqlState: state }),
    stack: place.slice(0, 12).join('\n'),
  };
}

/** One line for each request when it is answered: method, route pattern, status and time. The URL itself may name people. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // The line at the end says it all.
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const line = {
      method: request.method,
      route: routeOf(request),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    if (error instanceof Error) request.log.error({ ...line, err: error }, 'request failed');
    else request.log.info(line, 'request');
  }
}

/** The pattern of a route, e.g. `/v1/blobs/:sha256`; what fits none has none. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'none';
}
