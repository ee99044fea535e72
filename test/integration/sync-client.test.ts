import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BlobStore } from '#electron/services/blobs/blob-store.ts';
import { systemClock } from '#electron/services/journal/clock.ts';
import { Journal } from '#electron/services/journal/journal.ts';
import { createSyncHandlers } from '#electron/services/sync/handlers.ts';
import { ServerClient } from '#electron/services/sync/server-client.ts';
import { parseServerUrl } from '#electron/services/sync/server-url.ts';
import { AttachmentUploads } from '#electron/services/sync/blob-uploads.ts';
import { SyncEngine, type SyncTiming } from '#electron/services/sync/sync-engine.ts';
import type { SyncStatus } from '#shared/host/sync.ts';
import type { PullLine } from '#shared/sync/protocol.ts';
import { aDraft } from '#test/support/journal-builders.ts';
import { ScriptedServer } from '#test/support/scripted-http-server.ts';

const QUICK: Partial<SyncTiming> = { pollMs: 60_000, firstPauseMs: 5, longestPauseMs: 40 };

let dir: string;
let server: ScriptedServer;
let url: string;
let journal: Journal;
let blobs: BlobStore;
let engine: SyncEngine;

const openJournal = (): Promise<Journal> =>
  Journal.open({ dir: join(dir, 'journal'), device: 'device-1', actor: 'li.wei' });

function anEngine(timing: Partial<SyncTiming> = QUICK, token: string | undefined = 'token-1'): SyncEngine {
  const client = new ServerClient(url, token);
  const clock = systemClock();
  const file = join(dir, 'uploads.json');
  const uploads = new AttachmentUploads({ sources: [journal], blobs, client, clock, file });
  return new SyncEngine({ journal, blobs, client, clock, uploads, random: () => 0.5, timing });
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'faultline-sync-'));
  server = new ScriptedServer();
  url = await server.start();
  journal = await openJournal();
  blobs = await BlobStore.open(join(dir, 'blobs'));
  engine = anEngine();
});
afterEach(async () => {
  await engine.close();
  await journal.close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Waits until the engine says so. */
async function until(condition: (status: SyncStatus) => boolean, of = engine): Promise<SyncStatus> {
  const stop = new AbortController();
  for await (const status of of.changes.watch(() => of.status(), stop.signal)) {
    if (!condition(status)) continue;
    stop.abort();
    return status;
  }
  throw new Error('The engine ended first.');
}
const settled = (status: SyncStatus): boolean => status.state === 'online' && status.unsynced === 0;
const never = new AbortController().signal;
const pushedTexts = (): unknown[] => server.pushes.flat().map((event) => event.data['text']);

describe('pushing', () => {
  test('[H30] sends what is in the journal, at most 200 at once and in order, and then what is added', async () => {
    await journal.append(Array.from({ length: 450 }, (_, i) => aDraft(`n${i}`, `ticket/${i % 7}`)));
    engine.start();
    await until(settled);
    expect(server.pushes.map((push) => push.length)).toEqual([200, 200, 50]);
    expect(pushedTexts()).toEqual(Array.from({ length: 450 }, (_, i) => `n${i}`));
    await journal.append([aDraft('later')]);
    await until((status) => settled(status) && server.pushes.length === 4);
    expect(pushedTexts().at(-1)).toBe('later');
    expect(journal.outbox()).toEqual([]);
  });

  test('[H30] keeps a push under 1 MB', async () => {
    await journal.append(Array.from({ length: 9 }, (_, i) => aDraft('x'.repeat(200_000), `ticket/${i}`)));
    engine.start();
    await until(settled);
    for (const push of server.pushes)
      expect(Buffer.byteLength(JSON.stringify(push))).toBeLessThan(1024 * 1024);
    expect(server.accepted.size).toBe(9);
  });

  test.each<[string, Parameters<ScriptedServer['fail']>[1][]]>([
    ['an overloaded server', [{ status: 503 }, { status: 429 }, { status: 500 }]],
    ['a timeout on the way', [{ status: 408 }, { status: 504 }]],
    ['an answer that never arrives', ['dropAnswer', 'dropAnswer']],
    ['a captive portal', ['garbage']],
  ])('[H31] goes on after %s and loses nothing', async (_, mishaps) => {
    server.fail('/v1/push', ...mishaps);
    const [event] = await journal.append([aDraft('once')]);
    engine.start();
    await until(settled);
    expect([...server.accepted.keys()]).toEqual([event!.id]);
    expect(server.pushes.length).toBeLessThanOrEqual(mishaps.length + 1);
  });

  test('[H31] an expired login pauses, drops nothing, and goes on after the next login', async () => {
    await engine.close();
    engine = anEngine(QUICK, 'expired');
    await journal.append([aDraft('waits')]);
    engine.start();
    const paused = await until((status) => status.state === 'needsLogin');
    expect(paused).toMatchObject({ unsynced: 1, lastError: { code: 'sync.needsLogin' } });
    const asked = server.requests.length;
    await journal.append([aDraft('waits too')]);
    await expect(engine.pull(null, {}, never).next()).rejects.toMatchObject({ code: 'sync.needsLogin' });
    expect(server.requests.length).toBe(asked);
    engine.loggedIn('token-1');
    await until(settled);
    expect(pushedTexts()).toEqual(['waits', 'waits too']);
  });

  test('[H32] a refused fact holds back its own stream and nothing else, until it is given up', async () => {
    const [refused] = await journal.append([aDraft('not mine', 'ticket/1')]);
    server.judge = ({ id }) =>
      id === refused!.id ? { verdict: 'refused', code: 'rights.missing' } : { verdict: 'accepted' };
    engine.start();
    await until((status) => status.refused === 1);
    await journal.append([aDraft('on top of it', 'ticket/1'), aDraft('another ticket', 'ticket/2')]);
    await until((status) => status.unsynced === 1 && server.accepted.size === 1);
    const sync = createSyncHandlers({
      workspace: () => ({ journal, engine, openedAt: '' }),
      nowMs: Date.now,
    });
    const context = { signal: never };
    expect(
      (await sync.unsynced({}, context)).items.map((item) => [
        item.event.data!['text'],
        item.state,
        item.verdict?.code,
      ]),
    ).toEqual([
      ['not mine', 'refused', 'rights.missing'],
      ['on top of it', 'held', undefined],
    ]);
    await sync.release({ eventId: refused!.id }, context);
    await until((status) => settled(status) && status.refused === 0);
    expect(pushedTexts()).toEqual(['not mine', 'another ticket', 'on top of it']);
    await expect(sync.release({ eventId: refused!.id }, context)).rejects.toMatchObject({
      code: 'sync.notRefused',
    });
  });

  test.each([
    ['that the server cannot read', 'unreadable', 'sync.refusedRequest'],
    ['at which the server fails each time', 'faulty', 'sync.serverFault'],
  ] as const)('[H32] a fact %s holds back its own stream and nothing else', async (_, trouble, code) => {
    server[trouble] = (event) => event.data['text'] === 'spoils it';
    await journal.append([
      aDraft('a', 'ticket/1'),
      aDraft('spoils it', 'ticket/2'),
      aDraft('c', 'ticket/3'),
      aDraft('behind it', 'ticket/2'),
      aDraft('e', 'ticket/1'),
    ]);
    engine.start();
    const status = await until((one) => one.state === 'online' && one.unsynced === 2);
    expect(status.lastError).toMatchObject({ code });
    expect([...server.accepted.values()].map((event) => event.data['text'])).toEqual(['a', 'c', 'e']);
    const waiting = engine.unsynced();
    expect(waiting.map((item) => [item.event.data?.['text'], item.trouble?.code, item.behind])).toEqual([
      ['spoils it', code, undefined],
      ['behind it', undefined, true],
    ]);
    expect(waiting.every(({ nextTryAt }) => nextTryAt !== null)).toBe(true);
    server[trouble] = () => false;
    engine.now();
    await until(settled);
    expect(pushedTexts().slice(-2)).toEqual(['spoils it', 'behind it']);
  });

  test('[H33] what the server may still forget stays in the outbox and is offered again', async () => {
    server.durable = false;
    await journal.append([aDraft('doubtful')]);
    engine.start();
    await until((status) => status.state === 'online' && journal.outbox()[0]?.state === 'notDurable');
    server.durable = true;
    server.cutPokes();
    await until(settled);
    expect(pushedTexts()).toEqual(['doubtful', 'doubtful']);
  });

  test('[H34] another epoch gets again what an earlier one had accepted', async () => {
    await journal.append([aDraft('before the restore')]);
    engine.start();
    await until(settled);
    server.epoch = 'epoch-2';
    server.accepted.clear();
    server.cutPokes();
    await until((status) => settled(status) && server.accepted.size === 1);
    expect(pushedTexts()).toEqual(['before the restore', 'before the restore']);
  });

  test('[H35] offline by choice asks nothing, and goes on when switched back', async () => {
    engine.setOffline(true);
    engine.start();
    await journal.append([aDraft('kept')]);
    expect(await engine.status()).toMatchObject({ state: 'offline', offlineByChoice: true, unsynced: 1 });
    await expect(engine.pull(null, {}, never).next()).rejects.toMatchObject({ code: 'sync.offline' });
    expect(server.requests).toEqual([]);
    engine.setOffline(false);
    await until(settled);
  });

  test('[H31] a server that is down is found again when it is back', async () => {
    await server.stop();
    await journal.append([aDraft('waits')]);
    engine.start();
    expect(await until((status) => status.lastError !== null)).toMatchObject({
      state: 'offline',
      lastError: { code: 'sync.offline' },
    });
    const again = new ScriptedServer();
    const other = await again.start();
    try {
      await engine.close();
      url = other;
      engine = anEngine();
      engine.start();
      await until(settled);
      expect(again.accepted.size).toBe(1);
    } finally {
      await again.stop();
    }
  });
});

describe('attachments', () => {
  const aBlob = async (size: number): Promise<string> =>
    (await blobs.put(Buffer.alloc(size, size % 251))).sha256;

  test('[H36] are sent after the facts, small ones first, and once', async () => {
    const large = await aBlob(400_000);
    const small = await aBlob(100);
    const draft = aDraft('with attachments');
    await journal.append([
      { ...draft, data: { recording: { sha256: large }, photos: [small], other: 'f'.repeat(64) } },
    ]);
    expect(await engine.status()).toMatchObject({ unsentBlobs: 2 });
    engine.start();
    await until((status) => settled(status) && status.unsentBlobs === 0);
    expect([...server.blobs.keys()]).toEqual([small, large]);
    expect(server.requests.filter((request) => /PUT|push/.test(request))).toEqual([
      'POST /v1/push',
      `PUT /v1/blobs/${small}`,
      `PUT /v1/blobs/${large}`,
    ]);
    await engine.close();
    engine = anEngine();
    engine.start();
    await until(settled);
    expect(server.requests.filter((request) => request.startsWith('PUT'))).toHaveLength(2);
  });

  test('[H37] are fetched when they are not here, and only if they are what they are called', async () => {
    const content = Buffer.from('photo of another laptop');
    const sha256 = createHash('sha256').update(content).digest('hex');
    server.blobs.set(sha256, content);
    engine.start();
    expect(await engine.fetchBlob(sha256, never)).toEqual({ sha256, size: content.length });
    expect(Buffer.from(await blobs.read(sha256))).toEqual(content);
    await writeFile(blobs.path(sha256), Buffer.alloc(content.length));
    await engine.fetchBlob(sha256, never);
    expect(Buffer.from(await blobs.read(sha256))).toEqual(content);
    const wrong = 'a'.repeat(64);
    server.blobs.set(wrong, content);
    await expect(engine.fetchBlob(wrong, never)).rejects.toMatchObject({ code: 'blobs.otherContent' });
    expect(await blobs.has(wrong)).toBe(false);
  });
});

describe('pulling', () => {
  const head = (epoch = 'epoch-1'): PullLine => ({
    k: 'head',
    epoch,
    serverTime: new Date().toISOString(),
    scopes: ['org'],
    lost: [],
  });
  const end: PullLine = { k: 'end', cursors: { org: 3 }, more: false };
  const pulled = async (epoch: string | null = null): Promise<PullLine[]> => {
    const lines: PullLine[] = [];
    for await (const batch of engine.pull(epoch, {}, never)) lines.push(...batch);
    return lines;
  };

  test('[H38] yields the lines, and passes over kinds of a newer server', async () => {
    server.pullLines = [head(), '{"k":"newKind","x":1}', { k: 'acked', lastEventId: 'x' }, end];
    expect(await pulled()).toEqual([server.pullLines[0], server.pullLines[2], end]);
  });

  test.each<[string, (PullLine | string)[], string]>([
    ['without an end', [head()], 'sync.cutOff'],
    ['cut off in a line', [head(), '{"k":"end","cur'], 'sync.cutOff'],
    ['with a malformed line', [head(), '{"k":"end","cursors":5}'], 'sync.badAnswer'],
  ])('[H38] an answer %s is an error, so that nothing of it is applied', async (_, lines, code) => {
    server.pullLines = lines;
    await expect(pulled()).rejects.toMatchObject({ code });
  });

  test('[H34] cursors of another epoch are refused, and what was accepted is offered again', async () => {
    await journal.append([aDraft('accepted once')]);
    engine.start();
    await until(settled);
    server.epoch = 'epoch-2';
    server.pullLines = [head('epoch-2'), end];
    await expect(pulled('epoch-1')).rejects.toMatchObject({ code: 'sync.otherEpoch' });
    await until((status) => settled(status) && server.pushes.length === 2);
  });

  test('[H38] a segment is checked against its hash', async () => {
    const bytes = Buffer.from('segment');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    server.segments.set(sha256, bytes).set('b'.repeat(64), bytes);
    expect(Buffer.from(await engine.once((client, signal) => client.segment(sha256, signal), never))).toEqual(
      bytes,
    );
    const damaged = engine.once((client, signal) => client.segment('b'.repeat(64), signal), never);
    await expect(damaged).rejects.toMatchObject({ code: 'sync.damagedSegment' });
  });

  test('[H39] a poke of the server and a lost line are both news', async () => {
    engine.start();
    const pokes = engine.pokes.listen(never);
    expect((await pokes.next()).value).toEqual({ reason: 'start' });
    await until((status) => status.state === 'online');
    const reasons: string[] = [];
    const listening = (async () => {
      for await (const { reason } of pokes) {
        reasons.push(reason);
        if (reasons.length === 1) server.poke();
        if (reason === 'poke' && !reasons.includes('cut')) {
          reasons.push('cut');
          server.cutPokes();
        }
        if (reasons.includes('cut') && reason === 'online') return;
      }
    })();
    server.poke();
    await listening;
    expect(reasons).toContain('poke');
  });

  test('[H40] a server of another version keeps from pulling, never from pushing', async () => {
    server.protocol = { min: 7, max: 9 };
    await journal.append([aDraft('still sent')]);
    engine.start();
    await until((status) => status.state === 'otherVersion' && status.unsynced === 0);
    expect(server.accepted.size).toBe(1);
    await expect(pulled()).rejects.toMatchObject({ code: 'sync.otherVersion' });
  });
});

test.each([
  ['https://faultline.example.com/', 'https://faultline.example.com'],
  ['faultline.example.com', 'https://faultline.example.com'],
  [' http://127.0.0.1:8080/base/ ', 'http://127.0.0.1:8080/base'],
  ['http://localhost:8080', 'http://localhost:8080'],
])('[H41] the address %j is %s', (given, expected) => {
  expect(parseServerUrl(given)).toBe(expected);
});

test.each([
  'http://faultline.example.com',
  'http://127.0.0.1.example.com',
  'ftp://x',
  'https://user:pw@x',
  '',
  'https://',
  'javascript:alert(1)',
])('[H41] refuses the address %j', (given) => {
  expect(() => parseServerUrl(given)).toThrow(expect.objectContaining({ code: 'app.badUrl' }));
});
