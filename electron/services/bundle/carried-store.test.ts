import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CarriedRequest } from '#shared/sync/protocol.ts';
import { EventBuilder } from '#test/support/event-builder.ts';
import { CarriedStore } from './carried-store.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-carried-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const events = new EventBuilder();
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A portion of one fact that names an attachment. */
function aPortion(name: string): { request: CarriedRequest; sha256: string } {
  const sha256 = hashOf(name);
  const attached = { kind: 'photo', name, sha256, size: 7, mediaType: 'image/jpeg' } as const;
  const event = events.make('ticket/1', 'ticket.evidenceAttached', attached);
  return { request: { device: event.device, events: [event], signature: 'x' }, sha256 };
}

test('[SY96] attachments that are taken in while others are delivered are all remembered over a restart', async () => {
  const store = await CarriedStore.open(dir);
  const kept: string[] = [];
  for (let round = 0; round < 20; round++) {
    const old = [aPortion(`old ${round} a`), aPortion(`old ${round} b`)];
    await store.add(
      old.map(({ request }) => request),
      new Set(old.map(({ sha256 }) => sha256)),
    );
    const fresh = aPortion(`fresh ${round}`);
    kept.push(fresh.sha256);
    // So do an import and the uploads.
    await Promise.all([
      store.add([fresh.request], new Set([fresh.sha256])),
      store.noteDeliveredBlobs(old.map(({ sha256 }) => sha256)),
    ]);
    const again = await CarriedStore.open(dir);
    expect(again.undeliveredNames().map(({ sha256 }) => sha256)).toEqual(kept);
  }
});

test('[SY96] a portion that two windows take in at once is one file: it is gone once the server has it', async () => {
  const store = await CarriedStore.open(dir);
  const { request } = aPortion('both');
  await Promise.all([store.add([request], new Set()), store.add([request], new Set())]);
  const line = {
    carried: async () => ({
      epoch: 'e',
      durable: true,
      serverTime: '2026-05-04T08:00:00.000Z',
      verdicts: request.events.map(({ id }) => ({ id, verdict: 'accepted' as const })),
    }),
  };
  await store.sendAll(line as never, new AbortController().signal);
  expect((await CarriedStore.open(dir)).count).toBe(0);
});

test('[SY96] a list of attachments that has rotted loses no more than the entry that cannot be read', async () => {
  const store = await CarriedStore.open(dir);
  const portions = ['a', 'b', 'c'].map(aPortion);
  const hashes = portions.map(({ sha256 }) => sha256);
  await store.add(
    portions.map(({ request }) => request),
    new Set(hashes),
  );
  const list = join(dir, 'blobs.json');
  const text = await readFile(list, 'utf8');
  // One bit, at which the text is no JSON any more.
  const at = text.indexOf('{', text.indexOf(hashes[1]!));
  await writeFile(list, `${text.slice(0, at)}\u007f${text.slice(at + 1)}`);
  const names = async (): Promise<string[]> =>
    (await CarriedStore.open(dir)).undeliveredNames().map(({ sha256 }) => sha256);
  expect(await names()).toEqual(hashes.slice(0, 2));
  expect(await readFile(`${list}.damaged`, 'utf8')).not.toBe(text);
  expect(await names()).toEqual(hashes.slice(0, 2));
});
