import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ProblemDetails } from '#shared/sync/protocol.ts';

/** What a refused request may tell besides, in fields of their own: `epoch` with `sync.otherEpoch`. */
export type ProblemMembers = Readonly<Record<string, string | number | boolean>>;

/** A request that is refused: what the client gets as problem details (RFC 9457) beside the HTTP status. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  /** Seconds to wait before the next try, sent as `Retry-After`. */
  readonly retryAfter: number | undefined;
  readonly members: ProblemMembers;

  /** @param message what happened, what it means, what can be done: an English sentence. */
  constructor(
    status: number,
    code: string,
    message: string,
    retryAfter?: number,
    members: ProblemMembers = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.members = members;
  }
}

export const PROBLEM_TYPE = 'application/problem+json';

/** The body that tells a problem. */
export function problemDetails({ status, code, message, members }: Problem): ProblemDetails {
  return {
    ...members,
    type: `https://faultline.example/problems/${code}`,
    title: STATUS_CODES[status] ?? 'Refused',
    status,
    detail: message,
    code,
  };
}

/** Answers with a problem. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfter !== undefined) void reply.header('retry-after', String(problem.retryAfter));
  // As text: a serializer of the route knows only its good answers.
  return reply
    .status(problem.status)
    .header('content-type', PROBLEM_TYPE)
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemDetails(problem));
}

/** A whole HTTP answer for a connection on which no request could be read. */
export function rawProblem(problem: Problem): string {
  const body = JSON.stringify(problemDetails(problem));
  const title = STATUS_CODES[problem.status] ?? 'Refused';
  return [
    `HTTP/1.1 ${problem.status} ${title}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
