import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { DeviceKey } from '../access/device-key.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { Journal } from '../journal/journal.ts';
import { type BundleSeal, sealWithPassphrase } from './bundle-key.ts';
import { SyncError } from '../sync/sync-error.ts';
import { CarriedStore } from './carried-store.ts';
import { openBundle } from './read-bundle.ts';
import { takeInBundle } from './take-in.ts';
import { type BundleContent, writeBundle } from './write-bundle.ts';

const PASSPHRASE = 'correct horse battery';
/** The least that a bundle may ask for. */
const QUICK = { n: 2 ** 14, r: 1, p: 1 };
let dir: string;
let path: string;
let blobs: BlobStore;
let journal: Journal;
let signer: DeviceKey;
let seal: BundleSeal;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-bundle-'));
  path = join(dir, 'out.faultline');
  blobs = await BlobStore.open(join(dir, 'blobs'));
  journal = await Journal.open({ dir: join(dir, 'journal'), device: 'device-1', actor: 'li.wei' });
  signer = new DeviceKey(generateKeyPairSync('ed25519').privateKey);
  seal = await sealWithPassphrase(PASSPHRASE, QUICK);
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true, force: true });
});

async function aBundle(change: Partial<BundleContent> = {}): Promise<DomainEvent[]> {
  const photo = await blobs.put(randomBytes(700_000));
  const events = await journal.append([
    aDraft('one', 'ticket/1'),
    aDraft('two', 'ticket/1'),
    {
      ...aDraft('', 'ticket/2'),
      type: 'ticket.evidenceAttached',
      data: { kind: 'photo', name: 'p.jpg', sha256: photo.sha256, size: photo.size, mediaType: 'image/jpeg' },
    },
  ]);
  await writeBundle(
    path,
    seal,
    {
      tenant: 'main',
      device: 'device-1',
      actor: 'li.wei',
      createdAt: '2026-05-04T08:00:00.000Z',
      signer,
      events,
      carried: [],
      blobs: [photo.sha256],
      ...change,
    },
    blobs,
  );
  return events;
}

async function colleague(name = 'colleague'): Promise<{ carried: CarriedStore; blobs: BlobStore }> {
  return {
    carried: await CarriedStore.open(join(dir, name, 'carried')),
    blobs: await BlobStore.open(join(dir, name, 'blobs')),
  };
}
const takeIn = (at: { carried: CarriedStore; blobs: BlobStore }, change: object = {}) =>
  takeInBundle({ path, passphrase: PASSPHRASE, tenant: 'main', knows: () => false, ...at, ...change });

test('[SY95] a bundle gives back what was put in, and nothing of it can be read in the file', async () => {
  const events = await aBundle();
  const bundle = await openBundle(path, PASSPHRASE);
  const facts: DomainEvent[] = [];
  for await (const chunk of bundle.chunks()) facts.push(...chunk.events);
  expect(facts).toEqual(events);
  const sizes: number[] = [];
  for await (const { sha256, size, bytes } of bundle.blobs()) {
    const hash = createHash('sha256');
    for await (const piece of bytes) hash.update(piece);
    expect(hash.digest('hex')).toBe(sha256);
    sizes.push(size);
  }
  expect(sizes).toEqual([700_000]);
  const raw = (await readFile(path)).toString('latin1');
  for (const secret of ['li.wei', 'ticket', 'device-1', 'p.jpg']) expect(raw).not.toContain(secret);
});

test('[SY95] a bundle lasts before it is told as written: its bytes, its name, and the folders made for it', async () => {
  path = join(dir, 'usb', 'faultline', 'out.faultline');
  const handle = await open(dir);
  const proto = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  await aBundle();
  await rm(join(dir, 'usb'), { recursive: true });
  const flushed: number[] = [];
  const { sync } = proto;
  vi.spyOn(proto, 'sync').mockImplementation(async function (this: FileHandle) {
    await sync.call(this);
    // A name counts from when it stands there.
    if (await stat(path).catch(() => undefined)) flushed.push((await this.stat()).ino);
  });
  const about = {
    tenant: 'main',
    device: 'device-1',
    actor: 'li.wei',
    createdAt: '2026-05-04T08:00:00.000Z',
  };
  await writeBundle(path, seal, { ...about, signer, events: [], carried: [], blobs: [] }, blobs);
  vi.restoreAllMocks();
  const folders = [join(dir, 'usb', 'faultline'), join(dir, 'usb'), dir];
  expect(flushed).toEqual(await Promise.all(folders.map(async (folder) => (await stat(folder)).ino)));
});

test('[SY95] a wrong passphrase is told from damage', async () => {
  await aBundle();
  await expect(openBundle(path, 'wrong')).rejects.toMatchObject({ code: 'bundle.wrongPassphrase' });
  await writeFile(path, 'not a bundle at all, but long enough to hold a header of one');
  await expect(openBundle(path, PASSPHRASE)).rejects.toMatchObject({ code: 'bundle.damaged' });
  await expect(openBundle(join(dir, 'none'), PASSPHRASE)).rejects.toMatchObject({ code: 'bundle.damaged' });
  await expect(openBundle(dir, PASSPHRASE)).rejects.toMatchObject({ code: 'bundle.damaged' });
});

/** Start and length of each frame. */
function framesOf(raw: Buffer): { at: number; length: number }[] {
  const frames = [];
  let at = 18 + 4 + raw.readUInt32BE(18);
  while (at < raw.length) {
    const length = 4 + raw.readUInt32BE(at);
    frames.push({ at, length });
    at += length;
  }
  return frames;
}

test('[SY95] whatever is changed, cut off, left out, repeated or moved is found, and nothing is taken in', async () => {
  await aBundle();
  const raw = await readFile(path);
  const frames = framesOf(raw);
  const piece = (index: number): Buffer =>
    raw.subarray(frames[index]!.at, frames[index]!.at + frames[index]!.length);
  const all = frames.map((_, index) => piece(index));
  const head = raw.subarray(0, frames[0]!.at);
  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(raw);
    copy[at]! ^= 1;
    return copy;
  };
  const tampered: Record<string, Buffer> = {
    'cut in the middle of a frame': raw.subarray(0, raw.length - 5),
    'cut after a whole frame': Buffer.concat([head, ...all.slice(0, -1)]),
    'without any frame': head,
    'a frame left out': Buffer.concat([head, ...all.slice(0, 1), ...all.slice(2)]),
    'two frames swapped': Buffer.concat([head, all[0]!, all[1]!, all[2]!, all[4]!, all[3]!, ...all.slice(5)]),
    'a frame twice': Buffer.concat([head, ...all.slice(0, 2), all[1]!, ...all.slice(2)]),
    'something behind the end': Buffer.concat([raw, Buffer.from([0])]),
    'the end twice': Buffer.concat([raw, all.at(-1)!]),
    'a bit in the last frame': flipped(raw.length - 3),
    'a bit in a length': flipped(frames[1]!.at + 3),
    'another version': flipped(17),
  };
  for (let at = frames[0]!.at + 5; at < raw.length; at += Math.ceil(raw.length / 40))
    tampered[`a bit at ${at}`] = flipped(at);
  const at = await colleague();
  for (const [what, bytes] of Object.entries(tampered)) {
    await writeFile(path, bytes);
    await expect(takeIn(at), what).rejects.toMatchObject({
      code: expect.stringMatching(/^bundle\.(damaged|tooLarge)$/) as string,
    });
    expect([at.carried.count, at.carried.undeliveredNames()]).toEqual([0, []]);
  }
}, 60_000);

test('[SY95] frames of one bundle do not open in another under the same passphrase', async () => {
  await aBundle();
  const first = await readFile(path);
  await rm(path);
  seal = await sealWithPassphrase(PASSPHRASE, QUICK);
  await aBundle();
  const second = await readFile(path);
  const cut = (raw: Buffer): number => framesOf(raw)[0]!.at;
  await writeFile(path, Buffer.concat([second.subarray(0, cut(second)), first.subarray(cut(first))]));
  await expect(openBundle(path, PASSPHRASE)).rejects.toMatchObject({ code: 'bundle.damaged' });
});

test('[SY95] a header that asks for gigabytes, and a frame longer than any, are refused before they are read', async () => {
  await aBundle();
  const raw = await readFile(path);
  const header = JSON.parse(raw.subarray(22, 22 + raw.readUInt32BE(18)).toString());
  header.lock.n = 2 ** 20;
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  await writeFile(
    path,
    Buffer.concat([raw.subarray(0, 18), length, text, raw.subarray(framesOf(raw)[0]!.at)]),
  );
  await expect(openBundle(path, PASSPHRASE)).rejects.toMatchObject({ code: 'bundle.damaged' });
  const long = Buffer.from(raw);
  long.writeUInt32BE(0x7fffffff, framesOf(raw)[0]!.at);
  await writeFile(path, long);
  await expect(openBundle(path, PASSPHRASE)).rejects.toMatchObject({ code: 'bundle.tooLarge' });
});

test('[SY95] facts that the device has not signed, and chains that end elsewhere, are found though the passphrase is right', async () => {
  const events = await aBundle();
  const stranger = new DeviceKey(generateKeyPairSync('ed25519').privateKey);
  const mixed = { publicKey: signer.publicKey, sign: (text: string) => stranger.sign(text) };
  await aBundle({ events, signer: mixed });
  await expect(openBundle(path, PASSPHRASE)).rejects.toMatchObject({
    code: 'bundle.damaged',
    detail: { where: 'signature' },
  });
});

test('[SY95] a full or missing place leaves nothing behind', async () => {
  await writeFile(join(dir, 'file'), '');
  path = join(dir, 'file', 'out.faultline');
  await expect(aBundle()).rejects.toMatchObject({ code: 'bundle.failed' });
});

test('[SY96] a colleague takes a bundle in once, however often he does it, also after a restart', async () => {
  const events = await aBundle();
  const at = await colleague();
  expect(await takeIn(at)).toEqual({ device: 'device-1', events: 3, known: 0, blobs: 1 });
  expect(await takeIn(at)).toEqual({ device: 'device-1', events: 3, known: 3, blobs: 1 });
  const again = await colleague();
  expect(again.carried.requests().flatMap((request) => request.events)).toEqual(events);
  expect(again.carried.undeliveredNames()).toMatchObject([{ stream: 'ticket/2', kind: 'photo' }]);
  await takeIn(again);
  expect(again.carried.count).toBe(3);
});

test('[SY96] taking in one’s own bundle changes nothing, and another tenant’s is refused', async () => {
  await aBundle();
  const carried = await CarriedStore.open(join(dir, 'carried'));
  const own = await takeIn({ carried, blobs }, { knows: (id: string) => journal.knows(id) });
  expect(own).toMatchObject({ events: 3, known: 3 });
  expect([carried.count, carried.undeliveredNames()]).toEqual([0, []]);
  await expect(takeIn({ carried, blobs }, { tenant: 'other' })).rejects.toMatchObject({
    code: 'bundle.otherTenant',
  });
});

test('[SY96] carried facts leave only after a durable verdict on each, and what the server cannot judge stays', async () => {
  const events = await aBundle();
  const { carried, blobs: there } = await colleague();
  await takeIn({ carried, blobs: there });
  const never = new AbortController().signal;
  const answer = (durable: boolean, ids: string[]) => ({
    carried: async () => ({
      epoch: 'e',
      serverTime: '',
      durable,
      verdicts: ids.map((id) => ({ id, verdict: 'accepted' as const })),
    }),
  });
  const ids = events.map(({ id }) => id);
  expect(await carried.sendAll(answer(false, ids), never)).toEqual({ accepted: 0, refused: 0, left: 3 });
  expect(await carried.sendAll(answer(true, ids.slice(1)), never)).toMatchObject({ left: 3 });
  expect(await carried.sendAll(answer(true, ids), never)).toEqual({ accepted: 3, refused: 0, left: 0 });
  expect((await colleague()).carried.count).toBe(0);
});

test('[SY102] what the server refused of it is said with its reason, also after a restart, until somebody has seen it', async () => {
  const events = await aBundle();
  const { carried, blobs: there } = await colleague();
  await takeIn({ carried, blobs: there });
  const [refused, ...taken] = events;
  const verdict = { id: refused!.id, verdict: 'refused' as const, code: 'sync.noRight' };
  const verdicts = [verdict, ...taken.map(({ id }) => ({ id, verdict: 'accepted' as const }))];
  const line = { carried: async () => ({ epoch: 'e', serverTime: '', durable: true, verdicts }) };
  expect(carried.denied).toEqual([]);
  const sent = await carried.sendAll(line, new AbortController().signal);
  expect(sent).toEqual({ accepted: 2, refused: 1, left: 0 });
  expect(carried.denied).toEqual([{ stream: refused!.stream, verdict }]);
  const again = (await colleague()).carried;
  expect(again.denied).toEqual(carried.denied);
  await again.noteDeniedSeen();
  expect(again.denied).toEqual([]);
  expect((await colleague()).carried.denied).toEqual([]);
});

test('[SY102] what the server does not take is offered again after growing pauses, is said, and can be given up', async () => {
  await aBundle();
  let nowMs = 0;
  const carried = await CarriedStore.open(join(dir, 'colleague', 'carried'), () => nowMs);
  await takeIn({ carried, blobs: (await colleague()).blobs });
  let asked = 0;
  const line = {
    carried: async () => {
      asked++;
      throw new SyncError('sync.refusedRequest', 'Not signed.', { serverCode: 'sync.badSignature' });
    },
  };
  const turn = async (afterMs: number): Promise<number> => {
    nowMs += afterMs;
    const before = asked;
    expect(await carried.sendAll(line, new AbortController().signal)).toMatchObject({ left: 3 });
    return asked - before;
  };
  expect(carried.refused).toBe(null);
  expect([await turn(0), await turn(1), await turn(60_000), await turn(60_000), await turn(60_000)]).toEqual([
    1, 0, 1, 0, 1,
  ]);
  for (let i = 0; i < 20; i++) await turn(24 * 3_600_000);
  expect([await turn(6 * 3_600_000 - 1), await turn(1)]).toEqual([0, 1]);
  carried.retryRefused();
  expect([await turn(0), await turn(0)]).toEqual([1, 0]);
  expect(carried.refused).toEqual({ count: 3, code: 'sync.badSignature' });
  expect(carried.undeliveredNames()).toHaveLength(1);
  expect(await carried.drop()).toBe(3);
  const again = await CarriedStore.open(join(dir, 'colleague', 'carried'));
  for (const one of [carried, again])
    expect([one.count, one.refused, one.undeliveredNames()]).toEqual([0, null, []]);
  expect(await carried.drop()).toBe(0);
});

test('[SY96] a bundle travels on: what a colleague carries stands in his own bundle under its own device', async () => {
  const events = await aBundle();
  const { carried, blobs: there } = await colleague();
  await takeIn({ carried, blobs: there });
  const own = new DeviceKey(generateKeyPairSync('ed25519').privateKey);
  await writeBundle(
    path,
    seal,
    {
      tenant: 'main',
      device: 'device-2',
      actor: 'zhang',
      createdAt: '2026-05-04T09:00:00.000Z',
      signer: own,
      events: [],
      carried: carried.requests(),
      blobs: carried.undeliveredNames().map(({ sha256 }) => sha256),
    },
    there,
  );
  const third = await colleague('third');
  expect(await takeIn(third)).toEqual({ device: 'device-2', events: 3, known: 0, blobs: 1 });
  expect(third.carried.requests()[0]).toMatchObject({ device: 'device-1', events });
});

test('[SY95] a bundle with nothing in it is whole', async () => {
  await aBundle({ events: [], blobs: [] });
  expect((await stat(path)).size).toBeLessThan(4096);
  expect(await takeIn(await colleague())).toMatchObject({ events: 0, blobs: 0 });
  await truncate(path, 30);
  await expect(takeIn(await colleague())).rejects.toMatchObject({ code: 'bundle.damaged' });
});
