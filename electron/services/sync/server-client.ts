import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import type { z } from 'zod';
import {
  BlobReceiptSchema,
  type Hello,
  HelloSchema,
  type LoginAnswer,
  LoginAnswerSchema,
  type LoginRequest,
  type Manifest,
  ManifestSchema,
  type PullLine,
  PullLineSchema,
  type PullRequest,
  type PushAnswer,
  PushAnswerSchema,
  type PushRequest,
  SYNC_PROTOCOL,
} from '#shared/sync/protocol.ts';
import { badAnswer, cutOff, errorOfResponse, offline, SyncError } from './sync-error.ts';

/** A silent server is given up after this: also half-open connections must end. */
const SILENCE_MS = 60_000;
/** A line is one event; nothing legitimate comes near this. */
const MAX_LINE = 16 * 1024 * 1024;
const BATCH_LINES = 500;
const KNOWN_LINES: ReadonlySet<unknown> = new Set(
  PullLineSchema.options.map((option) => option.shape.k.value),
);

/** The server's routes as functions. Every error is a SyncError; every answer was checked against its schema. */
export class ServerClient {
  readonly url: string;
  token: string | undefined;

  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  /** @throws SyncError `sync.notAServer` when something else answers there. */
  async hello(signal?: AbortSignal): Promise<Hello> {
    const response = await this.#fetch('/v1/hello', {}, signal);
    const parsed = HelloSchema.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success) {
      throw new SyncError('sync.notAServer', 'There is no Faultline server at this address.', {
        url: this.url,
      });
    }
    return parsed.data;
  }

  login(request: LoginRequest): Promise<LoginAnswer> {
    return this.#json('/v1/login', LoginAnswerSchema, request);
  }

  push(request: PushRequest, signal?: AbortSignal): Promise<PushAnswer> {
    return this.#json('/v1/push', PushAnswerSchema, request, signal);
  }

  pull(request: PullRequest, signal?: AbortSignal): AsyncGenerator<PullLine[]> {
    return this.#lines('/v1/pull', jsonBody(request), signal);
  }

  entity(key: string, signal?: AbortSignal): AsyncGenerator<PullLine[]> {
    return this.#lines(`/v1/entities/${key.split('/').map(encodeURIComponent).join('/')}`, {}, signal);
  }

  bootstrap(signal?: AbortSignal): Promise<Manifest> {
    return this.#json('/v1/bootstrap', ManifestSchema, undefined, signal);
  }

  /** @throws SyncError `sync.damagedSegment` when the bytes are not what the hash says. */
  async segment(sha256: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#fetch(`/v1/segments/${sha256}`, {}, signal);
    const bytes = new Uint8Array(await read(() => response.arrayBuffer()));
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new SyncError('sync.damagedSegment', 'A part of the data arrived damaged. It is fetched again.');
    }
    return bytes;
  }

  async hasBlob(sha256: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#fetch(`/v1/blobs/${sha256}`, { method: 'HEAD' }, signal);
      return true;
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.detail['status'] === 404) return false;
      throw thrown;
    }
  }

  /** Sends a file. @returns whether the server holds it for good. */
  async putBlob(sha256: string, path: string, signal?: AbortSignal): Promise<boolean> {
    const body = await openAsBlob(path);
    const response = await this.#fetch(
      `/v1/blobs/${sha256}`,
      { method: 'PUT', body, headers: { 'content-type': 'application/octet-stream' } },
      signal,
    );
    const receipt = await parse(response, BlobReceiptSchema, 'blob receipt');
    if (receipt.sha256 !== sha256 || receipt.size !== body.size) throw badAnswer('blob receipt');
    return receipt.durable;
  }

  async getBlob(sha256: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#fetch(`/v1/blobs/${sha256}`, {}, signal);
    if (response.body === null) throw badAnswer('blob');
    return response.body;
  }

  /** Yields whenever the server says that there may be something new. Ends when the line does. */
  async *pokes(signal: AbortSignal): AsyncGenerator<void> {
    const response = await this.#fetch('/v1/poke', { headers: { accept: 'text/event-stream' } }, signal);
    for await (const line of textLines(response, signal)) if (line.startsWith('data:')) yield;
  }

  async #json<S extends z.ZodType>(
    path: string,
    schema: S,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<z.output<S>> {
    const response = await this.#fetch(path, body === undefined ? {} : jsonBody(body), signal);
    return parse(response, schema, path);
  }

  async *#lines(path: string, init: RequestInit, signal?: AbortSignal): AsyncGenerator<PullLine[]> {
    const response = await this.#fetch(path, init, signal);
    let batch: PullLine[] = [];
    for await (const text of textLines(response, signal)) {
      const line = parseLine(text);
      if (line === undefined) continue;
      batch.push(line);
      if (batch.length < BATCH_LINES) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  async #fetch(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('faultline-protocol', String(SYNC_PROTOCOL.max));
    if (this.token !== undefined) headers.set('authorization', `Bearer ${this.token}`);
    const silence = AbortSignal.timeout(SILENCE_MS);
    const isStream = path === '/v1/poke' || init.body instanceof Blob;
    const signals = [...(signal === undefined ? [] : [signal]), ...(isStream ? [] : [silence])];
    let response: Response;
    try {
      // A redirect would carry the token to wherever it points.
      response = await fetch(`${this.url}${path}`, {
        ...init,
        headers,
        redirect: 'error',
        signal: AbortSignal.any(signals),
      });
    } catch (thrown) {
      if (signal?.aborted === true) throw thrown;
      throw offline();
    }
    if (!response.ok) throw await errorOfResponse(response);
    return response;
  }
}

function jsonBody(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

async function read<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    // The only way that reading a body fails: the line went away.
    throw cutOff();
  }
}

async function parse<S extends z.ZodType>(response: Response, schema: S, what: string): Promise<z.output<S>> {
  const text = await read(() => response.text());
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // Not JSON or not what was agreed: either way not an answer to build on.
    throw badAnswer(what);
  }
}

function parseLine(text: string): PullLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A line that ends in the middle, or something else than our server.
    throw cutOff();
  }
  const kind = typeof value === 'object' && value !== null && 'k' in value ? value.k : undefined;
  // A newer server may have more to say than this version understands.
  if (typeof kind === 'string' && !KNOWN_LINES.has(kind)) return undefined;
  const parsed = PullLineSchema.safeParse(value);
  if (!parsed.success) throw badAnswer('pull line');
  return parsed.data;
}

async function* textLines(response: Response, signal?: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  try {
    for await (const chunk of response.body ?? []) {
      rest += decoder.decode(chunk as Uint8Array, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw badAnswer('line');
      for (const line of lines) if (line.trim() !== '') yield line;
    }
  } catch (thrown) {
    if (thrown instanceof SyncError || signal?.aborted === true) throw thrown;
    throw cutOff();
  }
  if (rest.trim() !== '') yield rest;
}
