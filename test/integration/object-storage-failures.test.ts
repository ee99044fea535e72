import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openBucket } from '#server/blobs/s3/open-bucket.ts';
import { readS3Settings } from '#server/blobs/s3/read-settings.ts';
import { StorageFailure } from '#server/blobs/storage-failure.ts';
import type { Storage } from '#server/blobs/storage.ts';
import { startObjectStore, type ObjectStore } from '#test/support/object-store.ts';
import { startTcpProxy, type TcpProxy } from '#test/support/tcp-proxy.ts';
import { sha256 } from '#test/support/sha256.ts';

const MB = 1024 * 1024;

vi.setConfig({ testTimeout: 60_000 });

let objects: ObjectStore;
let scratch: string;
let bucket: string;
let proxy: TcpProxy;
const opened: Storage[] = [];

beforeAll(async () => {
  objects = await startObjectStore();
  scratch = await mkdtemp(join(tmpdir(), 'faultline-scratch-'));
}, 180_000);
afterAll(async () => {
  await objects?.stop();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const [name, value] of Object.entries(objects.environment)) vi.stubEnv(name, value);
  bucket = await objects.createBucket();
  proxy = await startTcpProxy(objects.url);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const storage of opened.splice(0)) await storage.close();
  await proxy.close();
});

function open(endpoint = proxy.url, address = `s3://${bucket}`): Storage {
  const environment = { ...objects.environment, AWS_ENDPOINT_URL_S3: endpoint };
  const patience = { tries: 3, pauseMs: 10, silenceMs: 1_500 };
  const storage = openBucket(address, scratch, environment, { patience });
  opened.push(storage);
  return storage;
}
const put = (storage: Storage, bytes: Uint8Array): Promise<number> =>
  storage.attachments.put('main', sha256(bytes), Readable.from([bytes]), 64 * MB);
const failure = (code: string) => expect.objectContaining({ name: 'StorageFailure', code });

/**
 * Passes requests on to the store and changes their bodies: gets a piece and how many bytes came before it.
 * `undefined` cuts both connections.
 */
async function startBetween(
  change: (chunk: Buffer, before: number) => Buffer | undefined,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, answer) => {
    const { method, headers, url: path } = incoming;
    const { hostname: host, port } = new URL(objects.url);
    const onward = request({ host, port, method, path, headers }, (said) => {
      answer.writeHead(said.statusCode!, said.headers);
      said.pipe(answer);
    });
    onward.on('error', () => incoming.destroy());
    let before = 0;
    incoming.on('data', (chunk: Buffer) => {
      const changed = change(chunk, before);
      before += chunk.length;
      if (changed !== undefined) return onward.write(changed);
      incoming.socket.resetAndDestroy();
      return onward.destroy();
    });
    incoming.on('end', () => onward.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Nothing of a failed put may be left: not in the bucket, not on this machine. */
async function expectNothing(): Promise<void> {
  expect(await objects.keys(bucket)).toEqual([]);
  const drafts = await readdir(scratch, { recursive: true, withFileTypes: true });
  expect(drafts.filter((entry) => entry.isFile())).toEqual([]);
}

describe('An object storage that says no', () => {
  it('[SY70e] because the credentials are wrong: says so, without repeating them, and asks once', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-wrong-secret');
    const storage = open();
    const bytes = randomBytes(1000);
    const said: unknown[] = [];
    const attempts = [
      () => storage.probe(false),
      () => put(storage, bytes),
      () => storage.attachments.size('main', sha256(bytes)),
      () => buffer(storage.attachments.read('main', sha256(bytes))),
    ];
    for (const attempt of attempts) await attempt().catch((error: unknown) => said.push(error));
    expect(said).toEqual(attempts.map(() => failure('storage.credentials')));
    expect(said.map((error) => (error as StorageFailure).isPassing)).toEqual([false, false, false, false]);
    for (const error of said as Error[])
      expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toMatch(
        /wrong-secret|faultline:server/,
      );
    vi.unstubAllEnvs();
    await expectNothing();
  });

  it('[SY70e] because there are no credentials at all', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(scratch, 'none'));
    vi.stubEnv('AWS_CONFIG_FILE', join(scratch, 'none'));
    await expect(open().probe(false)).rejects.toEqual(failure('storage.credentials'));
  });

  it('[SY70e] because the bucket is missing: nothing is taken for an attachment that is not there', async () => {
    const storage = open(proxy.url, 's3://no-such-bucket/prefix');
    const bytes = randomBytes(1000);
    await expect(storage.probe(true)).rejects.toEqual(failure('storage.noBucket'));
    await expect(put(storage, bytes)).rejects.toEqual(failure('storage.noBucket'));
    await expect(storage.attachments.size('main', sha256(bytes))).rejects.toEqual(
      failure('storage.noBucket'),
    );
    await expect(storage.uploads.list()[Symbol.asyncIterator]().next()).rejects.toEqual(
      failure('storage.noBucket'),
    );
    await expect(storage.probe(true)).rejects.toThrow(/"no-such-bucket".*--blobs/);
  });
});

describe('An object storage behind a bad network', () => {
  it('[SY70e] that refuses connections, or accepts them and stays silent: the put has failed', async () => {
    const storage = open();
    const bytes = randomBytes(3 * MB);
    for (const k of ['refused', 'halfOpen', 'dropAnswers'] as const) {
      proxy.set({ k });
      const failed = await put(storage, bytes).catch((error: unknown) => error);
      expect([k, failed]).toEqual([k, failure('storage.unreachable')]);
      expect((failed as StorageFailure).isPassing).toBe(true);
      proxy.resetAll();
    }
    proxy.set({ k: 'open' });
    await put(storage, bytes);
    expect(Buffer.compare(await buffer(storage.attachments.read('main', sha256(bytes))), bytes)).toBe(0);
  });

  it('[SY70e] that is cut in the middle of a put: no object, and the next one is whole', async () => {
    const bytes = randomBytes(8 * MB);
    const cutting = await startBetween((chunk, before) => (before > MB ? undefined : chunk));
    await expect(put(open(cutting.url), bytes)).rejects.toEqual(failure('storage.unreachable'));
    await expectNothing();
    await cutting.close();
    expect(await put(open(), bytes)).toBe(bytes.length);
  });

  it('[SY70e] that is cut in the middle of a read: the bytes end in an error', async () => {
    const storage = open();
    const bytes = randomBytes(3 * MB);
    await put(storage, bytes);
    proxy.set({ k: 'resetMidAnswer', bytes: MB });
    let came = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of open().attachments.read('main', sha256(bytes)) as AsyncIterable<Buffer>)
        came += chunk.length;
    };
    await expect(read()).rejects.toEqual(failure('storage.unreachable'));
    expect(came).toBeLessThan(bytes.length);
  });

  it('[SY70e] that falls silent in the middle of a read does not keep it for ever', async () => {
    const storage = open();
    const bytes = randomBytes(8 * MB);
    await put(storage, bytes);
    const read = async (): Promise<void> => {
      for await (const _ of storage.attachments.read('main', sha256(bytes))) proxy.set({ k: 'halfOpen' });
    };
    await expect(read()).rejects.toEqual(failure('storage.unreachable'));
  });
});

describe('An object storage that asks to slow down', () => {
  /** In front of the store: answers 503 as many times as it is told, then passes everything on. */
  async function startBusyStore(times: number): Promise<{ url: string; asked(): number; server: Server }> {
    let asked = 0;
    const server = createServer((incoming, answer) => {
      if (asked++ < times) {
        incoming.resume();
        answer.writeHead(503, { 'content-type': 'application/xml' });
        answer.end(
          '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>',
        );
        return;
      }
      const { method, headers, url: path } = incoming;
      const { hostname: host, port } = new URL(objects.url);
      const onward = request({ host, port, method, path, headers }, (said) => {
        answer.writeHead(said.statusCode!, said.headers);
        said.pipe(answer);
      });
      incoming.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, asked: () => asked, server };
  }

  it('[SY70e] is asked again, with the whole body, and then has it', async () => {
    const busy = await startBusyStore(2);
    try {
      const storage = open(busy.url);
      const bytes = randomBytes(5 * MB);
      expect(await put(storage, bytes)).toBe(bytes.length);
      expect([busy.asked(), storage.failures]).toEqual([3, 2]);
      expect(Buffer.compare(await buffer(storage.attachments.read('main', sha256(bytes))), bytes)).toBe(0);
    } finally {
      busy.server.closeAllConnections();
      busy.server.close();
    }
  });

  it('[SY70e] is not asked for ever: the put has failed, and may be tried later', async () => {
    const busy = await startBusyStore(1_000);
    try {
      const storage = open(busy.url);
      await expect(put(storage, randomBytes(1000))).rejects.toEqual(failure('storage.busy'));
      expect(busy.asked()).toBe(3);
      await expectNothing();
    } finally {
      busy.server.closeAllConnections();
      busy.server.close();
    }
  });
});

describe('An object storage on the way to which bytes change', () => {
  it('[SY70e] keeps nothing whose SHA-256 is not the signed one', async () => {
    const changing = await startBetween((chunk) => {
      chunk[0] = (chunk[0] ?? 0) ^ 1;
      return chunk;
    });
    await expect(put(open(changing.url), randomBytes(100_000))).rejects.toBeInstanceOf(StorageFailure);
    await expectNothing();
    await changing.close();
  });
});

describe('Where the bucket is', () => {
  it('[SY70f] is written s3://bucket/prefix, and what is wrong with it is not repeated', () => {
    expect(readS3Settings('s3://faultline', { AWS_REGION: 'eu-central-1' })).toEqual({
      bucket: 'faultline',
      prefix: '',
      pathStyle: false,
      region: 'eu-central-1',
    });
    expect(
      readS3Settings('s3://faultline/some/where/', { AWS_ENDPOINT_URL: 'https://store.example' }),
    ).toEqual({
      bucket: 'faultline',
      prefix: 'some/where/',
      endpoint: 'https://store.example',
      region: 'us-east-1',
      pathStyle: true,
    });
    for (const address of [
      'https://store.example/bucket',
      's3://',
      's3://Bucket',
      's3://key:secret@bucket',
      's3://bucket/../other',
      's3://bucket/a//b',
    ]) {
      expect(() => readS3Settings(address, {})).toThrow(RangeError);
      expect(() => readS3Settings(address, {})).not.toThrow(/secret/);
    }
  });

  it('[SY70f] is not reached in the clear over a network, unless that is said to be right', () => {
    const read = (AWS_ENDPOINT_URL_S3: string, FAULTLINE_S3_PLAIN_HTTP?: string) => () =>
      readS3Settings('s3://faultline', { AWS_ENDPOINT_URL_S3, FAULTLINE_S3_PLAIN_HTTP });
    expect(read('http://127.0.0.1:9000')).not.toThrow();
    expect(read('http://[::1]:9000')).not.toThrow();
    expect(read('http://store.example')).toThrow(/in the clear/);
    expect(read('http://127.0.0.1.store.example')).toThrow(/in the clear/);
    expect(read('http://store.example', 'true')).not.toThrow();
    expect(read('ftp://127.0.0.1')).toThrow(RangeError);
    expect(read('https://key:secret@store.example')).toThrow(/AWS_SECRET_ACCESS_KEY/);
    expect(read('https://key:secret@store.example')).not.toThrow(/:secret@/);
  });
});
