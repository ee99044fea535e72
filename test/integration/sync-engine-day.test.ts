import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import { systemClock } from '#electron/services/journal/clock.ts';
import { Journal } from '#electron/services/journal/journal.ts';
import { AttachmentUploads } from '#electron/services/sync/blob-uploads.ts';
import { createSyncHandlers } from '#electron/services/sync/handlers.ts';
import { RepairLog } from '#electron/services/sync/repair-log.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { SyncEngine, type SyncEngineOptions } from '#electron/services/sync/sync-engine.ts';
import { offline } from '#electron/services/sync/sync-error.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { ScriptedServer } from '#test/support/scripted-http-server.ts';

let dir: string;
let server: ScriptedServer;
let url: string;
let journal: Journal;
let blobs: BlobStore;
let engine: SyncEngine;
const never = new AbortController().signal;
const repairs = new RepairLog();

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-day-'));
  server = new ScriptedServer();
  url = await server.start();
  journal = await Journal.open({
    dir: join(dir, 'journal'),
    device: 'device-1',
    actor: 'li.wei',
    run: 'run-2',
  });
  blobs = await BlobStore.open(join(dir, 'blobs'));
  engine = anEngine();
});
afterEach(async () => {
  await engine.close();
  await journal.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function anEngine(more: Partial<SyncEngineOptions> = {}): SyncEngine {
  const client = new ServerClient(url, 'token-1');
  const clock = systemClock();
  const file = join(dir, 'uploads.json');
  const uploads = new AttachmentUploads({ sources: [journal], blobs, client, clock, file });
  const timing = { firstPauseMs: 5, longestPauseMs: 20 };
  return new SyncEngine({ journal, blobs, client, clock, uploads, random: () => 0.5, timing, ...more });
}

const handlers = () =>
  createSyncHandlers({
    workspace: () => ({ journal, engine, openedAt: '' }),
    nowMs: () => Date.now(),
    repairs,
  });
const context = { signal: never };

async function until(condition: (status: SyncStatus) => boolean): Promise<SyncStatus> {
  const stop = new AbortController();
  for await (const status of engine.changes.watch(() => engine.status(), stop.signal)) {
    if (!condition(status)) continue;
    stop.abort();
    return status;
  }
  throw new Error('The engine ended first.');
}
const settled = (status: SyncStatus): boolean => status.state === 'online' && status.unsynced === 0;

describe('identity', () => {
  test('[SY85] each push names the run of the host; a copied profile gets an identity of its own and loses nothing', async () => {
    let renewed = 0;
    await engine.close();
    engine = anEngine({
      identity: {
        becomeNewDevice: async () => {
          renewed++;
          await journal.becomeDevice('device-2');
        },
        wipe: async () => undefined,
      },
    });
    server.fail('/v1/push', { status: 409, code: 'sync.clonedDevice' });
    await journal.append([aDraft('before')]);
    engine.start();
    await until(settled);
    await journal.append([aDraft('after')]);
    await until((status) => settled(status) && server.accepted.size === 2);
    expect(renewed).toBe(1);
    expect([...server.accepted.values()].map(({ device }) => device)).toEqual(['device-1', 'device-2']);
    expect(server.runs).toEqual([
      { id: 'run-2', before: [] },
      { id: 'run-2', before: [] },
    ]);
  });

  test('[SY85] a push that meets another epoch offers again what was accepted, before anything later', async () => {
    await journal.append([aDraft('accepted')]);
    engine.start();
    await until(settled);
    server.accepted.clear();
    server.epoch = 'epoch-2';
    server.fail('/v1/push', { status: 409, code: 'sync.otherEpoch', epoch: 'epoch-2' });
    await journal.append([aDraft('later')]);
    await until((status) => settled(status) && server.accepted.size === 2);
    expect([...server.accepted.values()].map(({ data }) => data['text'])).toEqual(['accepted', 'later']);
  });

  test('[SY86] a revoked device hands over facts and attachments, and is wiped then', async () => {
    let wiped = (): void => undefined;
    const isWiped = new Promise<void>((resolve) => {
      wiped = resolve;
    });
    let revokedMs: number | undefined;
    await engine.close();
    engine = anEngine({
      identity: { becomeNewDevice: async () => undefined, wipe: async () => wiped() },
      onRevoked: (atMs) => {
        revokedMs = atMs;
      },
    });
    server.isRevoked = true;
    server.judge = () => ({ verdict: 'refused', code: 'sync.deviceRevoked' });
    const { sha256 } = await blobs.put(Buffer.from('a signature'));
    await journal.append([{ ...aDraft('mine'), data: { signature: sha256 } }, aDraft('on top of it')]);
    engine.start();
    await isWiped;
    expect(server.pushes.flat()).toHaveLength(2);
    expect([...server.blobs.keys()]).toEqual([sha256]);
    expect(revokedMs).toBeGreaterThan(0);
    await expect(engine.pull(null, {}, never).next()).rejects.toMatchObject({ code: 'sync.deviceRevoked' });
    const status = await engine.status();
    expect(status).toMatchObject({ unsynced: 0, refused: 2, quarantined: 2 });
  });
});

describe('a revoked device at a server that may forget', () => {
  test('[SY86] is not wiped before its facts were refused for good', async () => {
    const wiped: string[] = [];
    await engine.close();
    const wipe = async (): Promise<void> => {
      wiped.push('wiped');
    };
    engine = anEngine({
      identity: { becomeNewDevice: async () => undefined, wipe },
      timing: { firstPauseMs: 5, longestPauseMs: 20, pollMs: 50 },
    });
    server.isRevoked = true;
    server.durable = false;
    server.judge = () => ({ verdict: 'refused', code: 'sync.deviceRevoked' });
    await journal.append([aDraft('mine')]);
    engine.start();
    await vi.waitFor(() => expect(server.pushes.length).toBeGreaterThan(2), { timeout: 5_000 });
    expect(wiped).toEqual([]);
    server.durable = true;
    await vi.waitFor(() => expect(wiped).toEqual(['wiped']), { timeout: 5_000 });
    expect(journal.outbox()[0]).toMatchObject({ state: 'refused', isForgettable: false });
  });
});

describe('what people are told', () => {
  test('[SY88] before the network is there: what goes, what stays and why', async () => {
    const { sha256 } = await blobs.put(Buffer.alloc(1_000));
    const [right, wrong] = await journal.append([
      { ...aDraft('mine', 'ticket/1'), data: { photo: sha256 } },
      aDraft('not mine', 'ticket/2'),
      aDraft('behind it', 'ticket/2'),
      aDraft('another', 'ticket/3'),
    ]);
    await journal.applyVerdicts({
      epoch: 'epoch-1',
      durable: true,
      verdicts: [
        { id: right!.id, verdict: 'refused', code: 'sync.noRight' },
        { id: wrong!.id, verdict: 'refused', code: 'sync.malformed' },
      ],
    });
    engine.setOffline(true);
    engine.start();
    const { items } = await handlers().unsynced({}, context);
    expect(items.map(({ state, nextTryAt }) => [state, nextTryAt])).toEqual([
      ['quarantined', null],
      ['refused', null],
      ['held', null],
      ['waiting', null],
    ]);
    const bytes = items[3]!.bytes;
    expect(bytes).toBeGreaterThan(300);
    expect(await handlers().preview({}, context)).toEqual({
      facts: { count: 1, bytes },
      blobs: { count: 1, bytes: 1_000, heldByMetered: 0 },
      staying: [
        { stream: 'ticket/1', count: 1, why: 'noRight' },
        { stream: 'ticket/2', count: 1, why: 'refused' },
        { stream: 'ticket/2', count: 1, why: 'held' },
      ],
      seconds: null,
      needsLogin: false,
      lastSyncedAt: journal.lastVerdictAt,
    });
  });

  test('[SY88] when the next try is, and what the clock is worth', async () => {
    server.fail('/v1/push', { status: 503, retryAfter: 600 });
    await journal.append([aDraft('waits')]);
    engine.start();
    const status = await until((one) => one.lastError !== null);
    const inMs = Date.parse(status.nextTryAt!) - Date.now();
    expect(inMs).toBeGreaterThan(590_000);
    expect(inMs).toBeLessThan(610_000);
    expect(Math.abs(status.clock!.offsetMs)).toBeLessThanOrEqual(status.clock!.uncertaintyMs + 1);
    expect(engine.unsynced()[0]?.nextTryAt).toBe(status.nextTryAt);
    engine.now();
    await until(settled);
    const [event] = await journal.append([aDraft('stamped')]);
    expect(event!.clock.uncertaintyMs).toBeGreaterThan(0);
  });

  test('[SY88] a first fetch is a transfer of what is still to come: over with its last part, or when it is cut off', async () => {
    const client = new ServerClient(url, 'token-1');
    const bytes = new Uint8Array(300_000);
    let cut = Promise.withResolvers<void>();
    client.segment = async (_, __, onBytes) => {
      onBytes?.(100_000);
      await cut.promise;
      onBytes?.(200_000);
      return bytes;
    };
    await engine.close();
    engine = anEngine({ client });
    engine.start();
    await until((status) => status.state === 'online');
    const fetch = (left: number) => engine.segment('a'.repeat(64), never, left);
    const transfer = async () => (await engine.status()).transfer;
    const first = fetch(900_000);
    expect(await transfer()).toMatchObject({ kind: 'bootstrap', doneBytes: 100_000, totalBytes: 900_000 });
    cut.resolve();
    await first;
    expect(await transfer()).toMatchObject({ doneBytes: 300_000, totalBytes: 900_000 });
    cut = Promise.withResolvers();
    const second = fetch(600_000);
    cut.reject(offline());
    await expect(second).rejects.toMatchObject({ code: 'sync.offline' });
    expect(await transfer()).toBeNull();
    cut = Promise.withResolvers();
    cut.resolve();
    await fetch(600_000);
    expect(await transfer()).toMatchObject({ doneBytes: 300_000, totalBytes: 600_000 });
    await fetch(300_000);
    expect(await transfer()).toBeNull();
  });

  test('[SY88] on a metered network what is large waits, and goes when it is not metered any more', async () => {
    const { sha256 } = await blobs.put(Buffer.alloc(3_000_000, 7));
    await journal.append([{ ...aDraft('recording'), data: { sha256, size: 3_000_000, kind: 'recording' } }]);
    engine.setMetered('on');
    engine.start();
    expect(await until(settled)).toMatchObject({ metered: true, unsentBlobs: 1 });
    await until(() => server.requests.some((request) => request.includes('/v1/poke')));
    const { items } = await handlers().unsentBlobs({}, context);
    expect(items.map(({ state }) => state)).toEqual(['metered']);
    await handlers().setMetered({ mode: 'off' }, context);
    await until((status) => status.unsentBlobs === 0);
    expect([...server.blobs.keys()]).toEqual([sha256]);
  });

  test('[SY88] repairs are kept for a diagnosis, the last fifty of them', async () => {
    for (let i = 0; i < 60; i++)
      await handlers().reportRepair({ scope: `region/${i}`, expected: 'a', found: 'b' }, context);
    expect(repairs.recent).toHaveLength(50);
    expect(repairs.recent.at(-1)).toMatchObject({ scope: 'region/59', expected: 'a', found: 'b' });
  });
});

describe('refused facts', () => {
  const refuseOnce = async (draft = aDraft('wrong')): Promise<DomainEvent> => {
    server.judge = ({ data }) =>
      data['text'] === 'right' ? { verdict: 'accepted' } : { verdict: 'refused', code: 'sync.malformed' };
    const [event] = await journal.append([draft]);
    engine.start();
    await until((status) => status.refused === 1);
    return event!;
  };

  test('[SY88] are corrected by a new fact in their place, which is sent', async () => {
    const { id } = await refuseOnce({ ...aDraft('wrong'), data: { text: 'wrong' } });
    const { event } = await handlers().resend({ eventId: id, data: { text: 'right' } }, context);
    expect(event).toMatchObject({ stream: 'ticket/1', type: 'ticket.noted', data: { text: 'right' } });
    expect(event.id).not.toBe(id);
    expect(await until((status) => settled(status) && status.refused === 0)).toMatchObject({ unsynced: 0 });
    expect([...server.accepted.keys()]).toEqual([event.id]);
    await expect(handlers().resend({ eventId: id, data: { text: 'right' } }, context)).rejects.toMatchObject({
      code: 'sync.notRefused',
    });
  });

  test('[SY88] data that would be refused again are not sent', async () => {
    const { id } = await refuseOnce();
    await expect(handlers().resend({ eventId: id, data: { text: 5 } }, context)).rejects.toMatchObject({
      code: 'sync.malformedFact',
    });
    expect(journal.outbox()).toHaveLength(1);
  });

  test('[SY88] what the office has taken in since is no longer unsynced', async () => {
    const refused = await refuseOnce();
    const { serverTime, ...more } = { serverTime: new Date().toISOString(), scopes: ['region/sz'], lost: [] };
    server.pullLines = [
      { k: 'head', epoch: 'epoch-1', serverTime, ...more },
      { k: 'event', scope: 'region/sz', n: 1, event: refused },
      { k: 'end', cursors: { 'region/sz': 1 }, more: false },
    ] satisfies PullLine[];
    const lines: PullLine[] = [];
    for await (const batch of engine.pull('epoch-1', {}, never)) lines.push(...batch);
    expect(lines).toHaveLength(3);
    expect(await engine.status()).toMatchObject({ refused: 0, unsynced: 0 });
  });
});
