import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** The body as text, unpacked when it is gzip. */
  readonly text: string;
  /** Of a problem document. */
  readonly code: string;
}

export interface RawRequest {
  readonly method: string;
  /** Sent as it is: nothing is normalised on the way. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Sends the body in chunks without telling its length. */
  readonly chunked?: boolean;
}

/** One request by Node's own client, which changes neither path nor headers. A line of pokes is read to its first byte. */
export function rawRequest(
  url: string,
  { method, path, headers = {}, body, chunked = false }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const length =
      body !== undefined && !chunked ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const asked = httpRequest(
      { hostname, port, method, path, headers: { ...length, ...headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        const done = (): void =>
          resolve(readAnswer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks)));
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if (!String(response.headers['content-type']).startsWith('text/event-stream')) return;
          done();
          asked.destroy();
        });
        response.once('end', done);
        response.once('error', reject);
      },
    );
    asked.once('error', reject);
    if (chunked && body !== undefined) asked.write(body);
    asked.end(chunked ? undefined : body);
  });
}

function readAnswer(status: number, headers: RawAnswer['headers'], bytes: Buffer): RawAnswer {
  const type = String(headers['content-type'] ?? '');
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
  const code = type.startsWith('application/problem+json') && text !== '' ? codeIn(text) : '';
  return { status, type, headers, bytes, text, code };
}

function codeIn(text: string): string {
  return (JSON.parse(text) as { code: string }).code;
}

/** Bytes on a socket of its own, and all that comes back until the server closes, or `enough` says so, or `patienceMs` are over. */
export function talk(
  url: string,
  bytes: string | Uint8Array,
  enough: (text: string) => boolean = () => false,
  patienceMs = 2_000,
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const done = (): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(text);
    };
    const late = setTimeout(done, patienceMs);
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (enough(text)) done();
    });
    socket.once('close', done);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(late);
      // The server may close before all of it was written: what it said before counts.
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(text);
      else reject(error);
    });
  });
}
