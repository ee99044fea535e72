import { HostError } from '#shared/host/errors.ts';
import { inspectCertificate } from '../trust/inspect-certificate.ts';
import { wholeBody } from './answer-body.ts';
import { errorOfResponse, retryAfterOf } from './error-of-response.ts';
import { captivePortal, cutOff, offline, SyncError } from './sync-error.ts';

export interface WireRequest {
  /** Of the server: origin and path without a slash at the end. */
  readonly server: string;
  /** Below it, begins with a slash. */
  readonly path: string;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Blob;
  readonly signal?: AbortSignal | undefined;
  /** Given to `fetch`: which certificates it believes. */
  readonly dispatcher?: unknown;
  /** How long nothing may happen; a minute if not given. */
  readonly silenceMs?: number;
}

/** A response whose headers are there; `touch` is called for each piece of the body that arrives. */
export interface WireAnswer {
  readonly response: Response;
  readonly touch: () => void;
}

/** A silent server is given up after this: also half-open connections must end. */
const SILENCE_MS = 60_000;
/** Slower than this is as good as silent: a body may take so long to be sent. */
const SLOWEST_BYTES_PER_MS = 4;
const MAX_PROBLEM = 64 * 1024;

/** What OpenSSL and Node call a certificate that is not believed. */
const CERTIFICATE_CODE =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$)/;

/**
 * One request to the server. It answers when the headers are there and are those of our server; every error is a SyncError
 * (or what the caller's own signal was aborted with), but for `blob.damagedHere`, a HostError: the file to be sent cannot be read.
 */
export async function sendRequest(request: WireRequest): Promise<WireAnswer> {
  const { signal, body, method = 'GET' } = request;
  const silence = new Silence(request.silenceMs ?? SILENCE_MS);
  silence.begin(bodyBytes(body) / SLOWEST_BYTES_PER_MS);
  const init = {
    method,
    headers: { ...request.headers },
    // Followed, it would carry the token to wherever it points.
    redirect: 'manual' as const,
    signal: signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]),
    ...(body !== undefined && { body }),
    ...(request.dispatcher !== undefined && { dispatcher: request.dispatcher as never }),
  };
  let response: Response;
  try {
    response = await fetch(`${request.server}${request.path}`, init);
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    throw unreadableBody(thrown) ?? (await certificateError(thrown, request.server)) ?? offline();
  }
  silence.begin();
  const refusal = await refusalIn(response, request, method, () => silence.begin());
  if (refusal === undefined) return { response, touch: () => silence.begin() };
  // Nobody reads the rest of it.
  response.body?.cancel().catch(() => undefined);
  throw refusal;
}

async function refusalIn(
  response: Response,
  { server, signal }: WireRequest,
  method: string,
  onPiece: () => void,
): Promise<SyncError | undefined> {
  const { status, headers, ok } = response;
  const isPage = /^\s*(text\/html|application\/xhtml)/i.test(headers.get('content-type') ?? '');
  if (status >= 300 && status < 400) return redirected(status, headers.get('location'), server);
  if (ok) return isPage ? captivePortal({ status }) : undefined;
  const retryAfterMs = retryAfterOf(headers);
  // A HEAD has no body to tell ours by; tus (1.0) has a header of its own.
  const isOurs = !isPage && (method === 'HEAD' || headers.has('tus-resumable'));
  try {
    const text = new TextDecoder().decode(await wholeBody(response, { bytes: MAX_PROBLEM, onPiece, signal }));
    return errorOfResponse({ status, body: jsonObject(text) ?? (isOurs ? {} : undefined), retryAfterMs });
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    return thrown instanceof SyncError && thrown.code === 'sync.cutOff'
      ? cutOff()
      : errorOfResponse({ status, body: undefined, retryAfterMs });
  }
}

function redirected(status: number, location: string | null, server: string): SyncError {
  const target = location !== null && URL.canParse(location, server) ? new URL(location, server) : undefined;
  if (target === undefined || target.origin !== new URL(server).origin)
    return captivePortal({ status, ...(target !== undefined && { towards: target.host }) });
  return new SyncError(
    'sync.notAServer',
    'Something at this address sends elsewhere. Check the address of the server.',
    { status },
  );
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // Not JSON: not an answer of our server.
    return undefined;
  }
}

function unreadableBody(thrown: unknown): HostError | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  if (!(cause instanceof Error) || cause.name !== 'NotReadableError') return undefined;
  return new HostError(
    'blob.damagedHere',
    'The copy of this attachment on this computer cannot be read, so it was not sent. If you still have the file, attach it again.',
  );
}

async function certificateError(thrown: unknown, server: string): Promise<SyncError | undefined> {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string' || !CERTIFICATE_CODE.test(code)) return undefined;
  const shown = await inspectCertificate(server);
  return new SyncError(
    'sync.untrustedCertificate',
    'The certificate of the server is not trusted, so nothing was sent. If your company has its own authority, add it in the settings; also check the date of this computer.',
    { reason: code, ...shown },
  );
}

/** Gives a request up when nothing happens for so long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has happened: it counts from now. */
  begin(extraMs = 0): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#ms + extraMs);
    this.#timer.unref();
  }
}

function bodyBytes(body: WireRequest['body']): number {
  if (body === undefined) return 0;
  return typeof body === 'string' ? body.length * 2 : body.size;
}
