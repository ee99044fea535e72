import { createHash } from 'node:crypto';
import type { SyncDevice } from './sync-device.ts';

export { codeOf } from './login-device.ts';

export interface TusAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One request of tus 1.0 in the name of a device. Headers given override those of the protocol. */
export async function tus(
  device: SyncDevice,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<TusAnswer> {
  const response = await fetch(`${device.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${device.login.token}`, 'tus-resumable': '1.0.0', ...headers },
    ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Announces an upload of these bytes and returns its path. */
export async function beginUpload(device: SyncDevice, bytes: Uint8Array): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const answer = await tus(device, 'POST', '/v1/uploads', {
    'upload-length': String(bytes.length),
    'upload-metadata': `sha256 ${Buffer.from(sha256).toString('base64')}`,
  });
  const path = answer.headers.get('location');
  if (answer.status !== 201 || path === null)
    throw new Error(`The upload was not begun: ${answer.status} ${JSON.stringify(answer.body)}`);
  return path;
}

export function patch(
  device: SyncDevice,
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<TusAnswer> {
  const headers = { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
  return tus(device, 'PATCH', path, headers, bytes);
}

/** Sends all in parts of 100,000 bytes, after each of which it asks how far it came. */
export async function uploadInParts(device: SyncDevice, path: string, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += 100_000) {
    const known = (await tus(device, 'HEAD', path)).headers.get('upload-offset');
    if (known !== String(offset)) throw new Error(`The server has ${known} bytes, ${offset} were sent.`);
    const { status } = await patch(device, path, offset, bytes.subarray(offset, offset + 100_000));
    if (status !== 204) throw new Error(`A part was answered with ${status}.`);
  }
}

/**
 * A laptop that vanished in the middle of a part comes back, over the other nodes: one tells how far it came, the last
 * takes the rest. Resolves when the upload is whole.
 */
export async function comeBackElsewhere(
  device: SyncDevice,
  [left, asked, last]: readonly [string, string, string],
  bytes: Uint8Array,
): Promise<void> {
  const path = await beginUpload(device, bytes);
  const came = 100_000;
  const stuck = sendPart(left, device, path, bytes.subarray(0, came));
  for (let known: string | null = null; known !== String(came);)
    known = (await tus(device.at(asked), 'HEAD', path)).headers.get('upload-offset');
  const { status } = await patch(device.at(last), path, came, bytes.subarray(came));
  if (status !== 204) throw new Error(`The rest was answered with ${status}.`);
  await stuck.giveUp();
}

/** A request that is under way and says no more. */
export interface StuckPart {
  /** When it ends, in whatever way. */
  readonly ended: Promise<unknown>;
  giveUp(): Promise<void>;
}

/** Sends a part of an upload from its beginning in a body that never ends, and then nothing. @param url of the node. */
export function sendPart(url: string, device: SyncDevice, path: string, part: Uint8Array): StuckPart {
  const abort = new AbortController();
  const ended = fetch(`${url}${path}`, {
    method: 'PATCH',
    signal: abort.signal,
    headers: {
      authorization: `Bearer ${device.login.token}`,
      'tus-resumable': '1.0.0',
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
    },
    body: new ReadableStream({ start: (controller) => controller.enqueue(part) }),
    duplex: 'half',
  } as RequestInit).catch(() => undefined);
  const giveUp = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  return { ended, giveUp };
}
