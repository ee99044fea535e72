import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/**
 * What goes wrong with the next request of a method. `cut`: half of the body is taken, then the line is cut. `dies`: the body is
 * taken, and the server dies before it looks whether the upload is whole.
 */
export type TusMishap =
  | 'cut'
  | 'dies'
  | 'dropAnswer'
  | { readonly status: number; readonly code?: string; readonly retryAfter?: string };

interface Growing {
  readonly sha256: string;
  readonly length: number;
  bytes: Buffer;
}

/** Attachment routes of the server (tus 1.0, PUT, receipt) with mishaps that a test scripts. */
export class ScriptedTus {
  durable = true;
  readonly blobs = new Map<string, Buffer>();
  readonly uploads = new Map<string, Growing>();
  readonly requests: string[] = [];
  /** Bytes of bodies that arrived. */
  received = 0;
  /** Changes what arrives, as a broken proxy would. */
  garble: (bytes: Buffer) => Buffer = (bytes) => bytes;
  /** Told of each PATCH before it is answered. */
  onPatch: () => void = () => undefined;
  readonly #mishaps = new Map<string, TusMishap[]>();
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  async start(): Promise<string> {
    return `http://127.0.0.1:${await listen(this.#server)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  fail(method: string, ...mishaps: TusMishap[]): void {
    this.#mishaps.set(method, mishaps);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const mishap = this.#mishaps.get(method)?.shift();
    const chunks: Buffer[] = [];
    let size = 0;
    const half = Number(request.headers['content-length'] ?? 0) / 2;
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (mishap === 'cut' && size >= half) break;
      }
    } catch (thrown) {
      // The line broke: a resumable upload keeps what has arrived.
      if (method !== 'PATCH') throw thrown;
    }
    this.received += size;
    const body = this.garble(Buffer.concat(chunks));
    if (typeof mishap === 'object')
      return this.#problem(response, mishap.status, mishap.code, mishap.retryAfter);
    if (mishap === 'dies') {
      this.#take(url, body);
      response.destroy();
      return;
    }
    if (mishap === 'cut' || mishap === 'dropAnswer') {
      const silent = { writeHead: () => silent, setHeader: () => silent, end: () => silent };
      this.#handle(method, url, request, silent as unknown as ServerResponse, body);
      response.destroy();
      return;
    }
    this.#handle(method, url, request, response, body);
  }

  #handle(
    method: string,
    url: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): void {
    const receipt = /^\/v1\/blobs\/([0-9a-f]{64})\/receipt$/.exec(url)?.[1];
    const put = /^\/v1\/blobs\/([0-9a-f]{64})$/.exec(url)?.[1];
    if (receipt !== undefined) {
      if (this.blobs.has(receipt)) this.#receipt(response, receipt);
      else this.#problem(response, 404, 'blob.missing');
    } else if (put !== undefined && method === 'PUT') {
      if (this.#store(put, body)) this.#receipt(response, put);
      else this.#problem(response, 422, 'blob.wrongHash');
    } else if (method === 'POST') {
      const sha256 = Buffer.from(
        String(request.headers['upload-metadata']).split(' ')[1] ?? '',
        'base64',
      ).toString();
      if (this.blobs.has(sha256)) return this.#problem(response, 409, 'blob.known');
      const id = `upload-${this.uploads.size + 1}-${this.requests.length}`;
      this.uploads.set(id, {
        sha256,
        length: Number(request.headers['upload-length']),
        bytes: Buffer.alloc(0),
      });
      response.writeHead(201, { location: `http://elsewhere.invalid/v1/uploads/${id}` }).end();
    } else this.#continue(method, url, request, response, body);
  }

  #continue(
    method: string,
    url: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): void {
    const id = url.split('/').at(-1) ?? '';
    const upload = this.uploads.get(id);
    if (upload === undefined) return this.#problem(response, 404, 'upload.unknown');
    if (method === 'PATCH') {
      this.onPatch();
      if (Number(request.headers['upload-offset']) !== upload.bytes.length)
        return this.#problem(response, 409, 'upload.otherOffset');
      this.#take(url, body);
      if (upload.bytes.length === upload.length) {
        this.uploads.delete(id);
        if (!this.#store(upload.sha256, upload.bytes)) return this.#problem(response, 422, 'blob.wrongHash');
      }
    }
    const headers = { 'tus-resumable': '1.0.0', 'upload-offset': String(upload.bytes.length) };
    response.writeHead(method === 'HEAD' ? 200 : 204, headers).end();
  }

  #take(url: string, body: Buffer): void {
    const upload = this.uploads.get(url.split('/').at(-1) ?? '');
    if (upload !== undefined) upload.bytes = Buffer.concat([upload.bytes, body]);
  }

  #store(sha256: string, bytes: Buffer): boolean {
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) return false;
    this.blobs.set(sha256, bytes);
    return true;
  }

  #receipt(response: ServerResponse, sha256: string): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sha256, size: this.blobs.get(sha256)?.length, durable: this.durable }));
  }

  #problem(response: ServerResponse, status: number, code = 'test.mishap', retryAfter?: string): void {
    response
      .writeHead(status, {
        'content-type': 'application/problem+json',
        'tus-resumable': '1.0.0',
        ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
      })
      .end(JSON.stringify({ type: 'about:blank', title: code, status, detail: `scripted ${status}`, code }));
  }
}
