import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

const run = promisify(execFile);

export interface ObjectStore {
  /** Its S3 address. */
  readonly url: string;
  /** What a server needs in its environment to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes one more empty bucket. */
  createBucket(): Promise<string>;
  keys(bucket: string): Promise<string[]>;
  read(bucket: string, key: string): Promise<Buffer>;
  /** Behind the server's back. */
  overwrite(bucket: string, key: string, bytes: Uint8Array): Promise<void>;
  remove(bucket: string, key: string): Promise<void>;
  stop(): Promise<void>;
}

/** One disk, one copy. Written as the commands of `swift-ring-builder` would, in one process in place of nine. */
const MAKE_RINGS = `
import sys
from swift.common.ring import RingBuilder
folder = sys.argv[1]
for name, port in zip(('account', 'container', 'object'), sys.argv[2:]):
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({'region': 1, 'zone': 1, 'ip': '127.0.0.1', 'port': int(port), 'device': 'disk', 'weight': 1})
    ring.rebalance()
    ring.get_ring().save(folder + '/' + name + '.ring.gz')
`;

const ACCESS_KEY = 'faultline:server';
const SECRET = 'kept-out-of-every-log';

/**
 * Debian's OpenStack Swift with its S3 API: an object store that people run at work, which verifies signatures and the hash of what
 * arrives. Four processes on free ports of 127.0.0.1 with a folder of their own. Resolves when it answers.
 */
export async function startObjectStore(): Promise<ObjectStore> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-objects-'));
  const [account, container, object, proxy] = await freePorts();
  await mkdir(join(folder, 'disks', 'disk'), { recursive: true });
  await run('/usr/bin/python3', ['-c', MAKE_RINGS, folder, ...[account, container, object].map(String)]);
  const backends = { account, container, object };
  const children: ChildProcess[] = [];
  const start = async (name: string, port: number, more: string): Promise<void> => {
    const file = join(folder, `${name}.conf`);
    await writeFile(file, `${common(folder, port)}${more}`);
    children.push(spawn(`swift-${name}-server`, [file], { stdio: 'ignore', cwd: folder }));
  };
  for (const [name, port] of Object.entries(backends)) await start(name, port, backend(name));
  await start('proxy', proxy, PROXY);

  const url = `http://127.0.0.1:${proxy}`;
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  let buckets = 0;
  const createBucket = async (): Promise<string> => {
    const name = `bucket-${++buckets}`;
    await client.send(new CreateBucketCommand({ Bucket: name }));
    return name;
  };
  await untilItAnswers(createBucket, children);
  return {
    url,
    environment: {
      AWS_ENDPOINT_URL_S3: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET,
    },
    createBucket,
    keys: async (bucket) => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    read: async (bucket, key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return buffer(Body as Readable);
    },
    overwrite: async (bucket, key, bytes) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },
    remove: async (bucket, key) => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    stop: async () => {
      client.destroy();
      await Promise.all(children.map(ended));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function common(folder: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
devices = ${join(folder, 'disks')}
mount_check = false
disable_fallocate = true
log_level = CRITICAL
`;
}

function backend(name: string): string {
  return `[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`;
}

/** Nobody listens at the cache's address: Swift asks for one and does without. */
const PROXY = `[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
allow_multipart_uploads = false
[filter:tempauth]
use = egg:swift#tempauth
user_${ACCESS_KEY.replace(':', '_')} = ${SECRET} .admin
`;

async function untilItAnswers(ask: () => Promise<unknown>, children: readonly ChildProcess[]): Promise<void> {
  const until = performance.now() + 150_000;
  for (;;) {
    try {
      await ask();
      return;
    } catch (thrown) {
      const dead = children.some(({ exitCode }) => exitCode !== null);
      if (dead || performance.now() > until)
        throw new Error('The object store did not start.', { cause: thrown });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function freePorts(): Promise<[number, number, number, number]> {
  const held = Array.from({ length: 4 }, () => createServer());
  const ports: number[] = [];
  for (const server of held) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number, number];
}
