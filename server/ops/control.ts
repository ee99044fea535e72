import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { tellError } from './tell-error.ts';

/**
 * The embedded database belongs to one process. What the command line wants of it while the server runs, it asks the server
 * for: over loopback, with a token that lies in the data folder where only the server's own user can read it.
 */
const ControlFileSchema = z.object({ url: z.string(), token: z.string() });
const AnswerSchema = z.union([
  z.object({ result: z.unknown() }),
  z.object({ error: z.object({ message: z.string(), code: z.string().optional() }) }),
]);
const MAX_REQUEST = 1024 * 1024;
const LONGEST_MS = 6 * 3_600_000;

export type RunOperation = (name: string, parameters: unknown) => Promise<unknown>;

export interface Control {
  stop(): Promise<void>;
}

function controlFile(folder: string): string {
  return join(folder, 'control.json');
}

/** Listens for the command line until it is stopped. */
export async function openControl(folder: string, run: RunOperation): Promise<Control> {
  const token = randomBytes(32).toString('base64url');
  const expected = digest(`Bearer ${token}`);
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      request.resume();
      answer(403, { error: { message: 'The token in control.json opens this.' } });
      return;
    }
    answerTo(request, run).then(
      (result) => answer(200, { result: result ?? null }),
      (error: unknown) => answer(400, { error: messageOf(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const content = JSON.stringify({ url: `http://127.0.0.1:${port}`, token });
  // Not over an old file, which could have other rights.
  await rm(controlFile(folder), { force: true });
  await writeFile(controlFile(folder), content, { mode: 0o600, flag: 'wx' });
  return {
    stop: async () => {
      await rm(controlFile(folder), { force: true });
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * Asks the server that runs on this folder.
 * @throws Error with the sentence of the server when it refuses.
 */
export async function askRunningServer(folder: string, name: string, parameters: unknown): Promise<unknown> {
  const { url, token } = ControlFileSchema.parse(JSON.parse(await readFile(controlFile(folder), 'utf8')));
  // Not by fetch, which gives an answer five minutes to begin: a backup takes its time.
  const asking = request(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(LONGEST_MS),
  });
  asking.end(JSON.stringify({ name, parameters }));
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const answer = AnswerSchema.parse(JSON.parse(await text(response)));
  if ('error' in answer) throw new Error(answer.error.message);
  return answer.result;
}

async function answerTo(request: IncomingMessage, run: RunOperation): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST)
    throw new RangeError('The request is too large.');
  const asked = z
    .object({ name: z.string(), parameters: z.unknown() })
    .parse(JSON.parse(await text(request)));
  return run(asked.name, asked.parameters);
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

function messageOf(error: unknown): { message: string; code?: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return { message: tellError(error), ...(typeof code === 'string' ? { code } : {}) };
}
