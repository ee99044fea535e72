import path from 'node:path';
import { startServer } from '#server/start.ts';
import { fillServer, manyRows } from '#test/support/many-tickets.ts';
import { connect, folder, openProfile, seen, startApplication, watchList } from './application-page.ts';
import { compare, interleave, type BenchResult } from './measure.ts';
import { documentsOf } from './peers/document.ts';
import { openPeer, servePeer, type ServedPeer } from './peers/serve-peers.ts';
import { installPouchDb, POUCHDB_PAGE, startPouchDb } from './pouchdb/start-pouchdb.ts';

const COUNT = Number(process.env['FAULTLINE_BENCH_TICKETS'] ?? 100_000);
const ROUNDS = Number(process.env['FAULTLINE_BENCH_ROUNDS'] ?? 5);
/** With more tickets PouchDB, at 5 ms or more a document, is run once, after the others: a round of it takes many minutes. */
const POUCHDB_IN_TURN_TO = 20_000;

/**
 * From an empty laptop to the first query over all tickets, in real Chromium, in turn: ours from the real
 * server (login, manifest, segments, packed pages), against one Dexie record a row and RxDB's
 * replication, both fed from memory over HTTP, and PouchDB from express-pouchdb on LevelDB; all with Chromium's default durability.
 */
export async function run(): Promise<BenchResult> {
  await installPouchDb();
  const rows = manyRows(COUNT, Date.now());
  const documents = documentsOf(rows);
  const serverData = folder();
  await fillServer(serverData.path, rows);
  const server = await startServer({ data: serverData.path, demo: true, logLevel: 'silent' });
  const peers = await servePeer(path.join(import.meta.dirname, 'peers'), documents);
  const pouchFolder = folder();
  const pouchPage = await servePeer(POUCHDB_PAGE);
  const pouch = await startPouchDb(
    pouchFolder.path,
    documents.map((document) => ({ _id: document.key, ...document })),
  );
  try {
    // The first newcomer makes the server cut its segments; they last for everybody after.
    await ours(server.url);
    const runPouchDb = (): Promise<number> => theirs(pouchPage, 'bootstrap', pouch.url);
    const inTurn = COUNT <= POUCHDB_IN_TURN_TO;
    const sides: Record<string, () => Promise<number>> = {
      ours: () => ours(server.url),
      dexie: () => theirs(peers, 'dexieRows'),
      rxdb: () => theirs(peers, 'bootstrap'),
    };
    if (inTurn) sides['pouchdb'] = runPouchDb;
    const { ours: mine = [], dexie, rxdb, pouchdb = [await runPouchDb()] } = await interleave(ROUNDS, sides);
    const pouchdbRuns = inTurn ? '' : ' (one run)';
    const what = `${COUNT} tickets to the first query`;
    return {
      name: 'bootstrap',
      cases: [
        compare(`${what}, against RxDB (Dexie storage)`, 'ms', 'less', mine, rxdb),
        compare(`${what}, against PouchDB and express-pouchdb${pouchdbRuns}`, 'ms', 'less', mine, pouchdb),
        compare(`${what}, against Dexie rows with six indexes`, 'ms', 'less', mine, dexie),
      ],
    };
  } finally {
    await server.close();
    peers.close();
    pouchPage.close();
    await pouch.stop();
    serverData.remove();
    pouchFolder.remove();
  }
}

async function ours(serverUrl: string): Promise<number> {
  const [hostData, profile] = [folder(), folder()];
  const host = await startApplication(hostData.path, 0);
  const context = await openProfile(profile.path);
  const page = context.pages()[0] ?? (await context.newPage());
  await watchList(page, COUNT);
  await page.goto(host.url);
  const before = await page.evaluate(() => performance.now());
  await connect(page, serverUrl);
  const ms = (await seen(page, 'whole')) - before;
  await context.close();
  await host.close();
  hostData.remove();
  profile.remove();
  return ms;
}

async function theirs(peer: ServedPeer, measure: 'bootstrap' | 'dexieRows', url = ''): Promise<number> {
  const page = await openPeer(peer.url);
  const ms = await page.call(measure, url);
  await page.close();
  return ms;
}
