import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import { systemClock } from '#electron/services/journal/clock.ts';
import { Journal } from '#electron/services/journal/journal.ts';
import { AttachmentUploads } from '#electron/services/sync/blob-uploads.ts';
import { type BlobUploads, systemTimers, type Timers } from '#electron/services/sync/engine-ports.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { SyncEngine, type SyncEngineOptions } from '#electron/services/sync/sync-engine.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import type { EngineTiming } from '#shared/sync/engine/timing.ts';
import { HostileServer, type Misbehaviour } from '#test/support/hostile-server.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { ScriptedServer } from '#test/support/scripted-http-server.ts';

/** Real servers, real sockets, deadlines short enough to wait for. */
const QUICK: Partial<EngineTiming> = {
  firstPauseMs: 5,
  longestPauseMs: 20,
  answerMs: 150,
  uploadSilenceMs: 150,
  pokeSilenceMs: 150,
};

let dir: string;
let server: ScriptedServer;
let hostile: HostileServer;
let url: string;
let journal: Journal;
let blobs: BlobStore;
const engines: SyncEngine[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-stuck-'));
  server = new ScriptedServer();
  hostile = new HostileServer(await server.start());
  url = await hostile.start();
  journal = await Journal.open({ dir: join(dir, 'journal'), device: 'device-1', actor: 'li.wei' });
  blobs = await BlobStore.open(join(dir, 'blobs'));
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
  await journal.close();
  await hostile.stop();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function anEngine(more: Partial<SyncEngineOptions> = {}): SyncEngine {
  const client = new ServerClient(url, 'token-1');
  const clock = systemClock();
  const uploads = new AttachmentUploads({
    sources: [journal],
    blobs,
    client,
    clock,
    file: join(dir, 'uploads.json'),
  });
  const engine = new SyncEngine({
    journal,
    blobs,
    client,
    clock,
    uploads,
    random: () => 0.5,
    timing: QUICK,
    ...more,
  });
  engines.push(engine);
  return engine;
}

async function until(engine: SyncEngine, condition: (status: SyncStatus) => boolean): Promise<SyncStatus> {
  const stop = new AbortController();
  for await (const status of engine.changes.watch(() => engine.status(), stop.signal)) {
    if (!condition(status)) continue;
    stop.abort();
    return status;
  }
  throw new Error('The engine ended first.');
}
const settled = (status: SyncStatus): boolean => status.state === 'online' && status.unsynced === 0;

describe('a server that never comes to an end', () => {
  test.each<[Misbehaviour, string]>([
    ['silent', '/v1/hello'],
    ['headersOnly', '/v1/hello'],
    ['drip', '/v1/hello'],
    ['silent', '/v1/push'],
    ['headersOnly', '/v1/push'],
    ['drip', '/v1/push'],
  ])('[SY81] %s at %s is given up, told, and tried again until it works', async (how, route) => {
    hostile.misbehave.set(route, how);
    const [event] = await journal.append([aDraft('waits')]);
    const engine = anEngine();
    engine.start();
    const status = await until(engine, (one) => one.stuck !== null && one.stuck.restarts >= 2);
    expect(status).toMatchObject({
      unsynced: 1,
      stuck: { reason: 'noAnswer' },
      lastError: { code: 'sync.noAnswer' },
    });
    hostile.misbehave.clear();
    const after = await until(engine, settled);
    expect(after.stuck).toBe(null);
    expect([...server.accepted.keys()]).toEqual([event!.id]);
  });

  test.each<[Misbehaviour, string]>([
    ['cut', 'sync.cutOff'],
    ['portal', 'sync.captivePortal'],
    ['redirect', 'sync.captivePortal'],
  ])('[SY83] %s in the middle of a push is told and tried again', async (how, code) => {
    hostile.misbehave.set('/v1/push', how);
    await journal.append([aDraft('waits')]);
    const engine = anEngine();
    engine.start();
    const status = await until(engine, (one) => one.lastError?.code === code);
    expect(status.nextTryAt).not.toBe(null);
    expect(status.stuck).toBe(null);
    hostile.misbehave.clear();
    await until(engine, settled);
    expect(server.accepted.size).toBe(1);
  });

  test('[SY89] a poke line that stands and says nothing is opened anew', async () => {
    hostile.misbehave.set('/v1/poke', 'deaf');
    const engine = anEngine();
    engine.start();
    const pokes = engine.pokes.listen(new AbortController().signal);
    // Each new greeting tells the page.
    for (let lines = 0; lines < 3;) if ((await pokes.next()).value?.reason === 'online') lines++;
    expect(hostile.met.length).toBeGreaterThanOrEqual(2);
    hostile.misbehave.clear();
    for (let reason = ''; reason !== 'poke';) reason = (await pokes.next()).value?.reason ?? '';
  });
});

describe('ports that fail', () => {
  test('[SY81] an upload that never ends is given up, and facts go on meanwhile', async () => {
    let begun = 0;
    const uploads: BlobUploads = {
      list: async () => [],
      sendNext: () => {
        begun++;
        return begun > 2 ? Promise.resolve('nothing') : new Promise(() => undefined);
      },
      retryRefused: () => undefined,
      onProgress: () => () => undefined,
    };
    const engine = anEngine({ uploads });
    engine.start();
    await until(engine, () => begun === 1);
    await journal.append([aDraft('goes on')]);
    await until(engine, settled);
    await until(engine, (status) => status.stuck?.reason === 'noProgress');
    await until(engine, (status) => begun === 3 && status.stuck === null);
  });

  test('[SY81] a timer that is lost does not stop the engine for good: the watchdog starts it anew', async () => {
    // The engine's own timers never fire; the watchdog's do, at once.
    const clock = systemClock();
    let skipped = 0;
    let leap = 20_000;
    const timers: Timers = {
      set: (ms, fn) => {
        if (ms === 60_000) return systemTimers.set(1, fn);
        return () => undefined;
      },
    };
    hostile.misbehave.set('/v1/hello', 'silent');
    await journal.append([aDraft('waits')]);
    const engine = anEngine({
      timers,
      clock: { ...clock, monotonicMs: () => clock.monotonicMs() + (skipped += leap) },
    });
    engine.start();
    const status = await until(engine, (one) => (one.stuck?.restarts ?? 0) > 0);
    expect(status.stuck?.reason).toBe('wedged');
    leap = 0;
    hostile.misbehave.clear();
    // The greeting under way met the silent server still.
    engine.setOffline(true);
    engine.setOffline(false);
    await until(engine, settled);
  });

  test('[SY80] an engine that is closed leaves nothing behind, whatever is under way', async () => {
    hostile.misbehave.set('/v1/push', 'drip');
    await journal.append([aDraft('waits')]);
    const engine = anEngine();
    engine.start();
    await until(engine, (status) => status.state === 'syncing');
    await engine.close();
    const asked = hostile.met.length;
    await journal.append([aDraft('later')]);
    engine.now();
    expect(hostile.met.length).toBe(asked);
  });
});
