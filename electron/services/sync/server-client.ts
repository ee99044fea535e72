import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { z } from 'zod';
import {
  type BlobReceipt,
  BlobReceiptSchema,
  type CarriedRequest,
  type Hello,
  HelloSchema,
  type LoginAnswer,
  LoginAnswerSchema,
  type LoginRequest,
  type Manifest,
  ManifestSchema,
  type OidcBeginSchema,
  OidcBegunSchema,
  type OidcCompleteSchema,
  type PullLine,
  type PullRequest,
  type PushAnswer,
  PushAnswerSchema,
  type PushRequest,
  RefreshAnswerSchema,
  type RenewRequestSchema,
  SYNC_PROTOCOL,
} from '#shared/sync/protocol.ts';
import type { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import { pieces, textLines, wholeBody } from './answer-body.ts';
import type { EngineServer } from './engine-ports.ts';
import { parseAnswer, parseLine } from './parse-answer.ts';
import { sendRequest, type WireAnswer, type WireRequest } from './send-request.ts';
import { badAnswer, needsLogin, SyncError } from './sync-error.ts';
import type { Tokens } from './tokens.ts';

const BATCH_LINES = 500;
const MB = 1024 * 1024;
/** Bounds of what is taken in, after decompression; far above what our server sends. */
const MAX_JSON = 32 * MB;
const MAX_SEGMENT = 64 * MB;
const MAX_PULL = 256 * MB;
const MAX_BLOB = 16 * 1024 * MB;
/** The server says something on this line every 25 s. */
const POKE_SILENCE_MS = 90_000;

export interface ServerClientOptions {
  /** Without them the client has only the token it is given. */
  readonly tokens?: Tokens | undefined;
  readonly trust?: TrustingDispatcher | undefined;
}

type Sent = Omit<WireRequest, 'server' | 'dispatcher'>;
interface Route extends Sent {
  /** Needs no login: no token goes with it. */
  readonly isOpen?: boolean;
}

/** The server's routes as functions. Every error is a SyncError; every answer was checked against its schema. */
export class ServerClient implements EngineServer {
  readonly url: string;
  readonly #tokens: Tokens | undefined;
  readonly #trust: TrustingDispatcher | undefined;
  #token: string | undefined;
  /** The version that is spoken: the highest that both know, once the server has told its own. */
  #protocol: number = SYNC_PROTOCOL.max;

  constructor(url: string, token?: string, options: ServerClientOptions = {}) {
    this.url = url;
    this.#token = token;
    this.#tokens = options.tokens;
    this.#trust = options.trust;
  }

  get token(): string | undefined {
    return this.#tokens === undefined ? this.#token : this.#tokens.token;
  }

  /** Where a keeper of tokens is at work, it has this one already. */
  set token(token: string | undefined) {
    this.#token = token;
  }

  /** @throws SyncError `sync.notAServer` when another program answers there, `sync.captivePortal` when a web page does. */
  async hello(signal?: AbortSignal): Promise<Hello> {
    const answer = await this.#send({ path: '/v1/hello', isOpen: true, signal });
    const text = await this.#text(answer, signal);
    try {
      const hello = HelloSchema.parse(JSON.parse(text));
      const common = Math.min(SYNC_PROTOCOL.max, hello.protocol.max);
      // With a server that shares none our own is said, so that it knows whom it refuses.
      const isShared = common >= SYNC_PROTOCOL.min && common >= hello.protocol.min;
      this.#protocol = isShared ? common : SYNC_PROTOCOL.max;
      return hello;
    } catch {
      // Not JSON, or not ours.
      throw new SyncError('sync.notAServer', 'There is no Faultline server at this address.', {
        url: this.url,
      });
    }
  }

  login(request: LoginRequest, signal?: AbortSignal): Promise<LoginAnswer> {
    return this.#post('/v1/login', request, LoginAnswerSchema, signal, true);
  }

  oidcBegin(
    request: z.input<typeof OidcBeginSchema>,
    signal?: AbortSignal,
  ): Promise<z.infer<typeof OidcBegunSchema>> {
    return this.#post('/v1/oidc/begin', request, OidcBegunSchema, signal, true);
  }

  oidcComplete(request: z.input<typeof OidcCompleteSchema>, signal?: AbortSignal): Promise<LoginAnswer> {
    return this.#post('/v1/oidc/complete', request, LoginAnswerSchema, signal, true);
  }

  /** Registers this laptop anew, as the successor of the device that the token belongs to. */
  renewDevice(request: z.input<typeof RenewRequestSchema>, signal?: AbortSignal): Promise<LoginAnswer> {
    return this.#post('/v1/devices/renew', request, LoginAnswerSchema, signal);
  }

  async refresh(signal?: AbortSignal): Promise<void> {
    await this.#renewTokens(this.token, signal);
  }

  push(request: PushRequest, signal?: AbortSignal): Promise<PushAnswer> {
    return this.#post('/v1/push', request, PushAnswerSchema, signal);
  }

  /** Facts of another device, under its name. */
  carried(request: CarriedRequest, signal?: AbortSignal): Promise<PushAnswer> {
    return this.#post('/v1/carried', request, PushAnswerSchema, signal);
  }

  pull(request: PullRequest, signal?: AbortSignal): AsyncGenerator<PullLine[]> {
    return this.#lines(post('/v1/pull', request), signal);
  }

  entity(key: string, signal?: AbortSignal): AsyncGenerator<PullLine[]> {
    return this.#lines({ path: `/v1/entities/${key.split('/').map(encodeURIComponent).join('/')}` }, signal);
  }

  /** Of all visible scopes, or of one. */
  async bootstrap(signal?: AbortSignal, scope?: string): Promise<Manifest> {
    const query = scope === undefined ? '' : `?scope=${encodeURIComponent(scope)}`;
    const answer = await this.#send({ path: `/v1/bootstrap${query}`, signal });
    return parseAnswer(await this.#text(answer, signal), ManifestSchema, '/v1/bootstrap');
  }

  /** @throws SyncError `sync.damagedSegment` when the bytes are not what the hash says. */
  async segment(
    sha256: string,
    signal?: AbortSignal,
    onBytes: (count: number) => void = () => undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { response, touch } = await this.#send({ path: `/v1/segments/${sha256}`, signal });
    const onPiece = (count: number): void => {
      touch();
      onBytes(count);
    };
    const bytes = await wholeBody(response, { bytes: MAX_SEGMENT, onPiece, signal });
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new SyncError('sync.damagedSegment', 'A part of the data arrived damaged. It is fetched again.');
    }
    return bytes;
  }

  /** What the server says of a blob it holds; `undefined` when it does not hold it. */
  async receipt(sha256: string, signal?: AbortSignal): Promise<BlobReceipt | undefined> {
    try {
      const answer = await this.#send({ path: `/v1/blobs/${sha256}/receipt`, signal });
      return parseAnswer(await this.#text(answer, signal), BlobReceiptSchema, 'blob receipt');
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.detail['status'] === 404) return undefined;
      throw thrown;
    }
  }

  /** Sends a file in one piece. @returns what the server says of it. */
  async putBlob(sha256: string, path: string, signal?: AbortSignal): Promise<BlobReceipt> {
    const body = await openAsBlob(path);
    const answer = await this.#send({
      path: `/v1/blobs/${sha256}`,
      method: 'PUT',
      body,
      headers: { 'content-type': 'application/octet-stream' },
      signal,
    });
    const receipt = parseAnswer(await this.#text(answer, signal), BlobReceiptSchema, 'blob receipt');
    if (receipt.sha256 !== sha256 || receipt.size !== body.size) throw badAnswer('blob receipt');
    return receipt;
  }

  async getBlob(sha256: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
    const { response, touch } = await this.#send({ path: `/v1/blobs/${sha256}`, signal });
    if (response.body === null) throw badAnswer('blob');
    return pieces(response, { bytes: MAX_BLOB, onPiece: touch, signal });
  }

  /** One request of a resumable upload (tus 1.0): only the headers of the answer count. */
  async upload(request: Omit<Sent, 'silenceMs'>): Promise<{ status: number; headers: Headers }> {
    const headers = { ...request.headers, 'tus-resumable': '1.0.0' };
    const { response } = await this.#send({ ...request, headers });
    response.body?.cancel().catch(() => undefined);
    return { status: response.status, headers: response.headers };
  }

  /** `poke` whenever the server says that there may be something new, `comment` when it only keeps the line open. */
  async *pokes(signal: AbortSignal): AsyncGenerator<'poke' | 'comment'> {
    const { response, touch } = await this.#send({
      path: '/v1/poke',
      headers: { accept: 'text/event-stream' },
      silenceMs: POKE_SILENCE_MS,
      signal,
    });
    const limits = { bytes: Number.POSITIVE_INFINITY, onPiece: touch, signal };
    for await (const line of textLines(response, limits)) {
      if (line.startsWith('data:')) yield 'poke';
      else if (line.startsWith(':')) yield 'comment';
    }
  }

  /** One request of the office (`/v1/admin/…`): the caller knows the shape of the answer. */
  async admin(
    path: string,
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const answer = await this.#send({
      ...(body === undefined ? { path } : post(path, body)),
      method,
      signal,
    });
    return parseAnswer(await this.#text(answer, signal), z.unknown(), path);
  }

  async #post<S extends z.ZodType>(
    path: string,
    body: unknown,
    schema: S,
    signal?: AbortSignal,
    isOpen = false,
  ): Promise<z.output<S>> {
    const answer = await this.#send({ ...post(path, body), isOpen, signal });
    return parseAnswer(await this.#text(answer, signal), schema, path);
  }

  async *#lines(sent: Sent, signal?: AbortSignal): AsyncGenerator<PullLine[]> {
    const { response, touch } = await this.#send({ ...sent, signal });
    let batch: PullLine[] = [];
    for await (const text of textLines(response, { bytes: MAX_PULL, onPiece: touch, signal })) {
      const line = parseLine(text);
      if (line === undefined) continue;
      batch.push(line);
      if (batch.length < BATCH_LINES) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async #text({ response, touch }: WireAnswer, signal?: AbortSignal): Promise<string> {
    return new TextDecoder().decode(await wholeBody(response, { bytes: MAX_JSON, onPiece: touch, signal }));
  }

  /** With the token of now; if the server takes it no more, once again with the next one. */
  async #send(route: Route): Promise<WireAnswer> {
    if (route.isOpen === true || this.#tokens === undefined) return this.#sendOnce(route);
    if (this.#tokens.isDue) await this.#renewTokens(this.#tokens.token, route.signal);
    const spent = this.#tokens.token;
    try {
      return await this.#sendOnce(route);
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.code !== 'sync.needsLogin') throw thrown;
      await this.#renewTokens(spent, route.signal);
      return this.#sendOnce(route);
    }
  }

  async #renewTokens(spent: string | undefined, signal?: AbortSignal): Promise<void> {
    if (this.#tokens === undefined) throw needsLogin();
    // Not cut off by the caller: the answer would be lost, and with it the next token.
    await this.#tokens.renew(spent, (request) =>
      this.#post('/v1/refresh', request, RefreshAnswerSchema, undefined, true),
    );
    signal?.throwIfAborted();
  }

  async #sendOnce({ isOpen = false, headers, ...sent }: Route): Promise<WireAnswer> {
    const { token } = this;
    return sendRequest({
      ...sent,
      server: this.url,
      dispatcher: await this.#trust?.of(this.url),
      headers: {
        ...headers,
        'faultline-protocol': String(this.#protocol),
        ...(!isOpen && token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
  }
}

function post(path: string, body: unknown): Sent {
  return {
    path,
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
}
