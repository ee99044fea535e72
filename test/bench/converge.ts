import path from 'node:path';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import { startBrowserHost } from '#electron/serve.ts';
import { startServer } from '#server/start.ts';
import { fillServer, manyRows } from '#test/support/many-tickets.ts';
import { folder, openProfile } from './application-page.ts';
import { compare, interleave, type BenchResult } from './measure.ts';
import { documentsOf, type Document } from './peers/document.ts';
import { callPeer, openPeer, servePeer } from './peers/serve-peers.ts';
import { installPouchDb, POUCHDB_PAGE, startPouchDb } from './pouchdb/start-pouchdb.ts';

const EDITS = Number(process.env['FAULTLINE_BENCH_EDITS'] ?? 1_000);
const ROUNDS = Number(process.env['FAULTLINE_BENCH_ROUNDS'] ?? 5);
const TICKETS = EDITS * 2;

/**
 * Two clients in real Chromium hold the same 2,000 tickets. Offline, each edits 1,000 of them, one saved after the other; then
 * both meet the server until each has all 2,000 edits. Ours with a flush of the journal to the disk for every edit,
 * the peers with Chromium's default durability; the server of RxDB is in memory, that of PouchDB on LevelDB, ours on PGlite.
 */
export async function run(): Promise<BenchResult> {
  await installPouchDb();
  const rows = manyRows(TICKETS, Date.now());
  const documents = documentsOf(rows);
  const page = await buildPage();
  const edits: Record<'ours' | 'rxdb' | 'pouchdb', number[]> = { ours: [], rxdb: [], pouchdb: [] };
  const keep = (side: keyof typeof edits, [edit, converge]: readonly [number, number]): number => {
    edits[side].push(edit);
    return converge;
  };
  try {
    const runs = await interleave(ROUNDS, {
      ours: async () => keep('ours', await ours(page.path, rows)),
      rxdb: async () => keep('rxdb', await rxdb(documents)),
      pouchdb: async () => keep('pouchdb', await pouchdb(documents)),
    });
    const each = `${EDITS} edits offline on each of two clients`;
    return {
      name: 'converge',
      cases: [
        compare(`${each}: until both are equal, against RxDB`, 'ms', 'less', runs.ours, runs.rxdb),
        compare(`${each}: until both are equal, against PouchDB`, 'ms', 'less', runs.ours, runs.pouchdb),
        // The first round warms up here as well.
        compare(`${each}: the editing, against RxDB`, 'ms', 'less', edits.ours.slice(1), edits.rxdb.slice(1)),
        compare(
          `${each}: the editing, against PouchDB`,
          'ms',
          'less',
          edits.ours.slice(1),
          edits.pouchdb.slice(1),
        ),
      ],
    };
  } finally {
    page.remove();
  }
}

async function ours(
  rendererDir: string,
  rows: Parameters<typeof fillServer>[1],
): Promise<readonly [number, number]> {
  const data = folder();
  await fillServer(data.path, rows);
  const server = await startServer({ data: data.path, demo: true, logLevel: 'silent' });
  const clients = await Promise.all(
    ['li.wei', 'zhang.min'].map((user) => openOurs(rendererDir, server.url, user)),
  );
  try {
    for (const { page } of clients) await until(async () => (await callPeer(page, 'tickets')) === TICKETS);
    for (const { page } of clients) await callPeer(page, 'setOffline', true);
    const times: number[] = [];
    for (const [index, { page }] of clients.entries())
      times.push(await callPeer(page, 'edit', index * EDITS, EDITS));
    const started = performance.now();
    await Promise.all(clients.map(({ page }) => callPeer(page, 'setOffline', false)));
    await Promise.all(clients.map(({ page }) => callPeer(page, 'converged', TICKETS)));
    return [Math.max(...times), performance.now() - started];
  } finally {
    for (const client of clients) await client.close();
    await server.close();
    data.remove();
  }
}

async function openOurs(
  rendererDir: string,
  serverUrl: string,
  user: string,
): Promise<{ page: Page; close: () => Promise<void> }> {
  const [data, profile] = [folder(), folder()];
  const host = await startBrowserHost({ port: 0, dataDir: data.path, rendererDir, version: 'bench' });
  const context = await openProfile(profile.path);
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(300_000);
  await page.goto(host.url);
  await page.waitForFunction(() => 'peer' in window);
  await callPeer(page, 'open', serverUrl, user);
  return {
    page,
    close: async () => {
      await context.close();
      await host.close();
      data.remove();
      profile.remove();
    },
  };
}

async function rxdb(documents: readonly Document[]): Promise<readonly [number, number]> {
  const served = await servePeer(path.join(import.meta.dirname, 'peers'), documents);
  try {
    return await twoPeers(served.url, '');
  } finally {
    served.close();
  }
}

async function pouchdb(documents: readonly Document[]): Promise<readonly [number, number]> {
  const data = folder();
  const served = await servePeer(POUCHDB_PAGE);
  const pouch = await startPouchDb(
    data.path,
    documents.map((document) => ({ _id: document.key, ...document })),
  );
  try {
    return await twoPeers(served.url, pouch.url);
  } finally {
    served.close();
    await pouch.stop();
    data.remove();
  }
}

/** Both take turns until they are equal; asked at once again, so that no waiting of ours slows them. */
async function twoPeers(pageUrl: string, url: string): Promise<readonly [number, number]> {
  const clients = [await openPeer(pageUrl), await openPeer(pageUrl)];
  try {
    for (const client of clients) await client.call('open', url);
    const times: number[] = [];
    for (const [index, client] of clients.entries())
      times.push(await client.call('edit', index * EDITS, EDITS));
    const started = performance.now();
    for (let turns = 0; ; turns++) {
      if (turns === 100) throw new Error('The peers did not become equal.');
      await Promise.all(clients.map((client) => client.call('turn')));
      const counts = await Promise.all(clients.map((client) => client.call('edited')));
      if (counts.every((count) => count === TICKETS))
        return [Math.max(...times), performance.now() - started];
    }
  } finally {
    for (const client of clients) await client.close();
  }
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 120_000;
  while (!(await isTrue())) {
    if (performance.now() > limit) throw new Error('It took longer than two minutes.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The product's data path as a page without screens, built as the product is. */
async function buildPage(): Promise<{ path: string; remove: () => void }> {
  const out = folder();
  await build({
    configFile: false,
    logLevel: 'error',
    root: path.join(import.meta.dirname, 'converge'),
    base: '/',
    build: { outDir: out.path, emptyOutDir: true, target: 'chrome148', assetsInlineLimit: 0 },
    worker: { format: 'es' },
  });
  return out;
}
