import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import { systemClock } from '#electron/services/journal/clock.ts';
import { Journal } from '#electron/services/journal/journal.ts';
import {
  AttachmentUploads,
  type AttachmentUploadsOptions,
  priorityOf,
} from '#electron/services/sync/blob-uploads.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { ScriptedTus } from '#test/support/scripted-tus.ts';

const MB = 1024 * 1024;
const never = new AbortController().signal;
const FREE = { isMetered: false };
let dir: string;
let server: ScriptedTus;
let url: string;
let journal: Journal;
let blobs: BlobStore;
let uploads: AttachmentUploads;

const options = (): AttachmentUploadsOptions => ({
  sources: [journal],
  blobs,
  client: new ServerClient(url, 'token'),
  clock: systemClock(),
  file: join(dir, 'uploads.json'),
});
const someUploads = (): AttachmentUploads => new AttachmentUploads(options());

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-uploads-'));
  server = new ScriptedTus();
  url = await server.start();
  journal = await Journal.open({ dir: join(dir, 'journal'), device: 'device-1', actor: 'li.wei' });
  blobs = await BlobStore.open(join(dir, 'blobs'));
  uploads = someUploads();
});
afterEach(async () => {
  await journal.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function attached(size: number, kind = 'photo'): Promise<string> {
  const { sha256 } = await blobs.put(randomBytes(size));
  const data = { kind, name: 'x', sha256, size, mediaType: 'application/octet-stream' };
  await journal.append([{ ...aDraft('', 'ticket/7'), type: 'ticket.evidenceAttached', data }]);
  return sha256;
}
/** A line that carries so many bytes of each connection to the server before it is given up: what a limit of time does to a slow one. */
async function slowLine(port: number, bytes: number): Promise<{ port: number; stop: () => Promise<void> }> {
  const line = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let left = bytes;
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    far.pipe(near);
    near.on('data', (chunk: Buffer) => {
      far.write(chunk.subarray(0, left), () => {
        if (left <= 0) near.destroy();
      });
      left -= chunk.length;
    });
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  return {
    port: (line.address() as AddressInfo).port,
    stop: async () => {
      line.close();
      await once(line, 'close');
    },
  };
}
async function sendAll(limits = FREE): Promise<string[]> {
  const results: string[] = [];
  for (;;) {
    const result = await uploads.sendNext(never, limits);
    if (result === 'nothing') return results;
    results.push(result);
  }
}

test('[SY94] signatures and small pictures go before photos, recordings last; each is delivered at its receipt', async () => {
  const recording = await attached(300_000, 'recording');
  const photo = await attached(600_000);
  const signature = await attached(20_000, 'signature');
  const order: string[] = [];
  uploads.onProgress(({ sha256, sentBytes, bytes }) => {
    if (sentBytes === bytes && order.at(-1) !== sha256) order.push(sha256);
  });
  expect((await uploads.list()).map(({ sha256, priority, state }) => [sha256, priority, state])).toEqual([
    [signature, 'first', 'waiting'],
    [photo, 'normal', 'waiting'],
    [recording, 'last', 'waiting'],
  ]);
  expect(await sendAll()).toEqual(['sent', 'sent', 'sent']);
  expect(order).toEqual([signature, photo, recording]);
  expect([...server.blobs.keys()].sort()).toEqual(order.toSorted());
  expect([await uploads.list(), journal.undeliveredBlobs()]).toEqual([[], []]);
  expect(await blobs.has(photo)).toBe(true);
  expect([priorityOf('recording', 10), priorityOf('document', 20 * MB), priorityOf(undefined, 10)]).toEqual([
    'last',
    'last',
    'first',
  ]);
});

test('[SY94] a line that is cut goes on where the server is, also after a restart', async () => {
  const sha256 = await attached(3 * MB);
  server.fail('PATCH', 'dropAnswer');
  await expect(uploads.sendNext(never, FREE)).rejects.toMatchObject({ code: 'sync.offline' });
  const [upload] = server.uploads.values();
  expect(upload?.bytes.length).toBe(MB);
  uploads = someUploads();
  server.received = 0;
  expect(await sendAll()).toEqual(['sent']);
  expect(server.received).toBe(2 * MB);
  expect(server.requests.filter((request) => request.startsWith('POST'))).toHaveLength(1);
  expect(server.blobs.has(sha256)).toBe(true);
});

test('[SY94] what a server had whole when it died, and never looked at, is finished', async () => {
  const sha256 = await attached(MB);
  server.fail('PATCH', 'dies');
  await expect(uploads.sendNext(never, FREE)).rejects.toMatchObject({ code: 'sync.offline' });
  server.received = 0;
  uploads = someUploads();
  expect(await sendAll()).toEqual(['sent']);
  expect(server.received).toBe(0);
  expect(server.blobs.has(sha256)).toBe(true);
});

test('[SY94] one at which the server fails each time does not hold up the others, and arrives once it does not', async () => {
  const [first, second] = [await attached(MB), await attached(2 * MB)];
  server.fail('POST', { status: 500 });
  await expect(uploads.sendNext(never, FREE)).rejects.toMatchObject({ code: 'sync.serverFault' });
  expect(await uploads.sendNext(never, FREE)).toBe('sent');
  expect([...server.blobs.keys()]).toEqual([second]);
  server.fail('POST', { status: 500 });
  await expect(uploads.sendNext(never, FREE)).rejects.toMatchObject({ code: 'sync.serverFault' });
  const third = await attached(1_000);
  expect(await sendAll()).toEqual(['sent', 'sent']);
  expect([...server.blobs.keys()]).toEqual([second, third, first]);
});

test('[SY94] a busy server changes nothing of the order', async () => {
  const [first, second] = [await attached(MB), await attached(2 * MB)];
  server.fail('POST', { status: 503 });
  await expect(uploads.sendNext(never, FREE)).rejects.toMatchObject({ code: 'sync.serverFault' });
  expect(await sendAll()).toEqual(['sent', 'sent']);
  expect([...server.blobs.keys()]).toEqual([first, second]);
});

test('[SY94] those that cannot be read here do not hold up the others, and that is said of them', async () => {
  for (const size of [1_000, MB]) {
    const unreadable = await attached(size);
    await rm(blobs.path(unreadable));
    await mkdir(blobs.path(unreadable));
  }
  const whole = await attached(9_000);
  expect((await sendAll()).toSorted()).toEqual(['refused', 'refused', 'sent']);
  expect([...server.blobs.keys()]).toEqual([whole]);
  expect((await uploads.list()).map(({ reason }) => reason)).toEqual([
    'blob.damagedHere',
    'blob.damagedHere',
  ]);
  // In parts as well.
  uploads.retryRefused();
  expect(await sendAll()).toEqual(['refused', 'refused']);
});

test('[SY94] a small one that a slow line does not carry in one piece gets on a little with each try, and arrives', async () => {
  const sha256 = await attached(200_000);
  const slow = await slowLine(Number(new URL(url).port), 50_000);
  try {
    url = `http://127.0.0.1:${slow.port}`;
    uploads = someUploads();
    const told: number[] = [];
    uploads.onProgress(({ sentBytes }) => void told.push(sentBytes));
    let tries = 1;
    const next = (): Promise<unknown> => uploads.sendNext(never, FREE).catch((thrown: unknown) => thrown);
    for (let said = await next(); said !== 'sent'; said = await next()) {
      expect(said).toMatchObject({ code: 'sync.offline' });
      expect(++tries).toBeLessThan(12);
    }
    expect(server.blobs.get(sha256)?.length).toBe(200_000);
    expect(server.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(1);
    expect(told.filter((bytes) => bytes > 0 && bytes < 200_000).length).toBeGreaterThan(1);
    expect(await uploads.list()).toEqual([]);
  } finally {
    await slow.stop();
  }
});

test('[SY94] an upload that the server has forgotten begins anew, a locked one is waited for, another offset is asked', async () => {
  await attached(2 * MB);
  server.fail('PATCH', { status: 503 });
  await expect(uploads.sendNext(never, FREE)).rejects.toMatchObject({ code: 'sync.serverFault' });
  server.uploads.clear();
  server.fail('PATCH', { status: 423 }, { status: 409, code: 'upload.otherOffset' }, { status: 410 });
  expect(await sendAll()).toEqual(['sent']);
});

test('[SY94] a server that keeps an upload locked is asked eight times, at most ten seconds apart; then others go first, and a line that is given up ends the wait', async () => {
  await attached(2 * MB);
  const waits: number[] = [];
  let onWait = (fire: () => void): void => fire();
  uploads = new AttachmentUploads({
    ...options(),
    timers: {
      set: (ms, fire) => {
        waits.push(ms);
        onWait(fire);
        return () => undefined;
      },
    },
  });
  const locked = Array.from({ length: 8 }, () => ({ status: 423, retryAfter: '86400' }));
  server.fail('PATCH', ...locked);
  expect(await uploads.sendNext(never, FREE)).toBe('refused');
  expect(waits).toEqual(Array.from({ length: 7 }, () => 10_000));

  uploads.retryRefused();
  const stop = new AbortController();
  onWait = () => stop.abort();
  server.fail('PATCH', { status: 423 });
  await expect(uploads.sendNext(stop.signal, FREE)).rejects.toThrow();
  uploads = someUploads();
  expect(await sendAll()).toEqual(['sent']);
});

test('[SY94] what the server has already is not sent again', async () => {
  const sha256 = await attached(MB);
  server.blobs.set(sha256, Buffer.from(await blobs.read(sha256)));
  expect(await sendAll()).toEqual(['sent']);
  expect(server.received).toBe(0);
});

test('[SY94] the server may still forget it: it stays undelivered and is offered again', async () => {
  await attached(MB);
  await attached(1000);
  server.durable = false;
  expect(await sendAll()).toEqual(['refused', 'refused']);
  expect((await uploads.list()).map(({ state, reason }) => [state, reason])).toEqual([
    ['refused', 'blob.notDurable'],
    ['refused', 'blob.notDurable'],
  ]);
  server.durable = true;
  uploads.retryRefused();
  expect(await sendAll()).toEqual(['sent', 'sent']);
});

test('[SY94] on a metered network recordings and what is large wait, the rest goes', async () => {
  await attached(300_000, 'recording');
  await attached(3 * MB);
  await attached(MB);
  expect(await sendAll({ isMetered: true })).toEqual(['sent']);
  expect((await uploads.list()).map(({ state }) => state)).toEqual(['metered', 'metered']);
  expect(await sendAll()).toEqual(['sent', 'sent']);
});

test('[SY94] bytes that arrive garbled are sent again; if the copy here is damaged, that is said', async () => {
  await attached(MB);
  server.garble = (bytes) => {
    if (bytes.length > 0) server.garble = (intact) => intact;
    return Buffer.alloc(bytes.length);
  };
  expect(await sendAll()).toEqual(['sent']);
  const damaged = await attached(2 * MB);
  const { size } = await stat(blobs.path(damaged));
  await writeFile(blobs.path(damaged), randomBytes(size));
  const tiny = await attached(2000);
  await appendFile(blobs.path(tiny), 'x');
  expect(await sendAll()).toEqual(['refused', 'refused']);
  expect((await uploads.list()).map(({ reason }) => reason)).toEqual([
    'blob.damagedHere',
    'blob.damagedHere',
  ]);
});

test('[SY94] one that the server does not take does not hold up the others; one that is not here is named', async () => {
  await attached(MB);
  await attached(2 * MB);
  server.fail('POST', { status: 413, code: 'blob.tooLarge' });
  expect(await sendAll()).toEqual(['refused', 'sent']);
  const lost = await attached(1000);
  await rm(blobs.path(lost));
  expect((await uploads.list()).map(({ state, reason, stream }) => [state, reason, stream])).toEqual([
    ['refused', 'blob.tooLarge', 'ticket/7'],
    ['missing', 'blobs.missing', 'ticket/7'],
  ]);
});

test('[SY94] a server of protocol 1 gets large files in one piece', async () => {
  const sha256 = await attached(MB);
  server.fail('POST', { status: 404, code: 'http.notFound' });
  expect(await sendAll()).toEqual(['sent']);
  expect(server.requests.at(-1)).toBe(`PUT /v1/blobs/${sha256}`);
});

test('[SY94] giving up in the middle keeps what was sent', async () => {
  await attached(4 * MB);
  const stop = new AbortController();
  server.onPatch = () => stop.abort();
  await expect(uploads.sendNext(stop.signal, FREE)).rejects.toThrow();
  expect(await sendAll()).toEqual(['sent']);
});

test('[SY94] what was remembered of uploads is read again when it could not be read once', async () => {
  const file = join(dir, 'uploads.json');
  // So does a computer that has too many files open.
  await mkdir(file);
  await expect(uploads.list()).rejects.toThrow(/EISDIR/);
  await rm(file, { recursive: true });
  expect(await uploads.list()).toEqual([]);
});
