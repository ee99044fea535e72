import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'vite';
import { startServer } from '#server/start.ts';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import { fillServer, manyRows } from '#test/support/many-tickets.ts';
import { connect, folder, openProfile, seen, startApplication, watchList } from './application-page.ts';
import { compare, interleave, type BenchResult } from './measure.ts';

const COUNT = Number(process.env['FAULTLINE_BENCH_TICKETS'] ?? 100_000);
const ROUNDS = Number(process.env['FAULTLINE_BENCH_ROUNDS'] ?? 3);

/**
 * From an empty laptop to the first query over all tickets: ours from the real
 * server (manifest, segments, packed pages, strict durability), against one
 * Dexie record a row and RxDB's replication, both fed from memory over HTTP
 * with Dexie's default durability.
 */
export async function run(): Promise<BenchResult> {
  const rows = manyRows(COUNT, Date.now());
  const serverData = folder();
  await fillServer(serverData.path, rows);
  const server = await startServer({ data: serverData.path, demo: true, logLevel: 'silent' });
  const peers = await servePeers(
    rows
      .filter(({ key }) => key.startsWith('ticket/'))
      .map((row) => peerRow(row.key, row.state as TicketState)),
  );
  const ours = async (): Promise<number> => {
    const [hostData, profile] = [folder(), folder()];
    const host = await startApplication(hostData.path, 0);
    const context = await openProfile(profile.path);
    const page = context.pages()[0] ?? (await context.newPage());
    await watchList(page, COUNT);
    await page.goto(host.url);
    const before = await page.evaluate(() => performance.now());
    await connect(page, server.url);
    const ms = (await seen(page, 'whole')) - before;
    await context.close();
    await host.close();
    hostData.remove();
    profile.remove();
    return ms;
  };
  try {
    // The first newcomer makes the server cut its segments; they last for everybody after.
    await ours();
    const runs = await interleave(ROUNDS, {
      ours,
      dexie: () => peers.measure('dexieRows'),
      rxdb: () => peers.measure('rxdb'),
    });
    return {
      name: 'bootstrap',
      cases: [
        compare(
          `${COUNT} tickets to the first query, against RxDB (Dexie storage)`,
          'ms',
          'less',
          runs.ours,
          runs.rxdb,
        ),
        compare(
          `${COUNT} tickets to the first query, against Dexie rows with six indexes`,
          'ms',
          'less',
          runs.ours,
          runs.dexie,
        ),
      ],
    };
  } finally {
    await server.close();
    await peers.close();
    serverData.remove();
  }
}

function peerRow(key: string, ticket: TicketState) {
  return {
    key,
    number: ticket.number,
    symptom: fieldOf(ticket, 'symptom'),
    grade: ticket.grade ?? '',
    work: ticket.work,
    assignee: ticket.assignee ?? '',
    openedAt: Date.parse(ticket.openedAt),
    customerId: ticket.customerId,
    // The rest of the state, as text: the same bytes as our rows carry.
    body: JSON.stringify(ticket),
  };
}

async function servePeers(rows: ReadonlyArray<ReturnType<typeof peerRow>>) {
  const out = folder();
  await build({
    configFile: false,
    logLevel: 'error',
    root: path.join(import.meta.dirname, 'peers'),
    // RxDB brings a copy of its own, and Dexie refuses to be loaded twice.
    resolve: { dedupe: ['dexie'] },
    build: { outDir: out.path, emptyOutDir: true, target: 'es2024' },
  });
  const lines = rows.map((row) => JSON.stringify(row));
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/rows') {
      const after = Number(url.searchParams.get('after'));
      response.end(lines.slice(after, after + Number(url.searchParams.get('limit'))).join('\n'));
      return;
    }
    const file = path.join(out.path, url.pathname === '/' ? 'index.html' : path.normalize(url.pathname));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': file.endsWith('.js') ? 'text/javascript' : 'text/html' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    measure: async (peer: 'dexieRows' | 'rxdb'): Promise<number> => {
      const profile = folder();
      const context = await openProfile(profile.path);
      const page = context.pages()[0] ?? (await context.newPage());
      page.setDefaultTimeout(300_000);
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.waitForFunction(() => 'peers' in window);
      const ms = await page.evaluate(
        (name) => (window as unknown as { peers: Record<string, () => Promise<number>> }).peers[name]!(),
        peer,
      );
      await context.close();
      profile.remove();
      return ms;
    },
    close: async () => {
      http.closeAllConnections();
      http.close();
      out.remove();
    },
  };
}
