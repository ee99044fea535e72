import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startServer } from '#server/start.ts';
import { fillServer, manyRows } from '#test/support/many-tickets.ts';
import { connect, folder, openProfile, seen, startApplication, watchList } from './application-page.ts';
import { compare, interleave, type BenchResult } from './measure.ts';

const MANY = Number(process.env['FAULTLINE_BENCH_TICKETS'] ?? 100_000);
const FEW = 100;
const ROUNDS = 5;

/** Cold start of the browser and the page on a filled store: to the first row on the screen, and to the whole list. */
export async function run(): Promise<BenchResult> {
  const few = await filledLaptop(FEW);
  const many = await filledLaptop(MANY);
  const empty = await emptyPage();
  try {
    const first = await interleave(ROUNDS, {
      many: () => many.start('firstRow'),
      few: () => few.start('firstRow'),
      empty: () => empty.start(),
    });
    const whole = await interleave(ROUNDS, {
      many: () => many.start('whole'),
      few: () => few.start('whole'),
    });
    return {
      name: 'start',
      cases: [
        compare(
          `first rows, ${MANY} tickets, against the same app with ${FEW}`,
          'ms',
          'less',
          first.many,
          first.few,
        ),
        compare(`first rows, ${MANY} tickets, against an empty page`, 'ms', 'less', first.many, first.empty),
        compare(
          `whole list counted, ${MANY} tickets, against the same app with ${FEW}`,
          'ms',
          'less',
          whole.many,
          whole.few,
        ),
      ],
    };
  } finally {
    await many.close();
    await few.close();
    await empty.close();
  }
}

/** A laptop that has synced `count` tickets once; `start` opens it in a new browser process. */
async function filledLaptop(count: number) {
  const [serverData, hostData, profile] = [folder(), folder(), folder()];
  await fillServer(serverData.path, manyRows(count, Date.now()));
  const server = await startServer({ data: serverData.path, demo: true, logLevel: 'silent' });
  const host = await startApplication(hostData.path, 0);
  const context = await openProfile(profile.path);
  const page = context.pages()[0] ?? (await context.newPage());
  await watchList(page, count);
  await page.goto(host.url);
  await connect(page, server.url);
  await seen(page, 'whole');
  await context.close();
  await server.close();
  return {
    start: async (what: 'firstRow' | 'whole'): Promise<number> => {
      const opened = await openProfile(profile.path);
      const fresh = opened.pages()[0] ?? (await opened.newPage());
      await watchList(fresh, count);
      await fresh.goto(host.url);
      const ms = await seen(fresh, what);
      await opened.close();
      return ms;
    },
    close: async () => {
      await host.close();
      for (const made of [serverData, hostData, profile]) made.remove();
    },
  };
}

async function emptyPage() {
  const profile = folder();
  const http = createServer((_, response) =>
    response.end('<!doctype html><title>empty</title><p data-testid="ticket-row">row'),
  );
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    start: async (): Promise<number> => {
      const opened = await openProfile(profile.path);
      const page = opened.pages()[0] ?? (await opened.newPage());
      await watchList(page, 0);
      await page.goto(`http://127.0.0.1:${port}/`);
      const ms = await seen(page, 'firstRow');
      await opened.close();
      return ms;
    },
    close: async () => {
      http.closeAllConnections();
      http.close();
      profile.remove();
    },
  };
}
