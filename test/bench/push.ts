import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { Client } from 'pg';
import { LoginAnswerSchema } from '#shared/sync/protocol.ts';
import { saveAccount } from '#server/auth/accounts.ts';
import { openData } from '#server/open-data.ts';
import { startPostgres } from '#test/support/postgres.ts';
import { folder } from './application-page.ts';
import { bareWrites, type BareWrite } from './load/pgbench.ts';
import { pushAll, pushBodies, type PushLoad } from './load/pushing-devices.ts';
import { compare, interleave, type BenchResult } from './measure.ts';

const CLIENTS = 32;
const SCOPES = 50;
const EVENTS_PER_PUSH = Number(process.env['FAULTLINE_BENCH_BATCH'] ?? 50);
const PUSHES = Number(process.env['FAULTLINE_BENCH_PUSHES'] ?? 12);
const ROUNDS = Number(process.env['FAULTLINE_BENCH_ROUNDS'] ?? 5);
const PASSWORD = 'a bench password 1';

/**
 * What the server takes in: 32 devices push into 50 scopes, to one server process on PostgreSQL with fsync on, against pgbench
 * with 32 clients writing the same rows into the same tables of the same PostgreSQL, in turn.
 */
export async function run(): Promise<BenchResult> {
  const postgres = await startPostgres({ settings: ['max_connections=120', 'shared_buffers=256MB'] });
  const files = folder();
  const scopes = Array.from({ length: SCOPES }, (_, n) => `region/bench-${n + 1}`);
  await makeAccounts(postgres.url, files.path);
  const server = await startServerProcess(postgres.url, files.path);
  try {
    const load = await logIn(server.url, scopes);
    const bare = await bareWrite(postgres.url, files.path, scopes, load);
    let round = 0;
    const runs = await interleave(ROUNDS, {
      ours: () => {
        const number = round++;
        const bodies = load.devices.map((_, index) => pushBodies(load, index, number));
        return pushAll(load, bodies);
      },
      perRow: () => bareWrites(bare, 'perRow'),
      perSet: () => bareWrites(bare, 'perSet'),
    });
    const what = `${CLIENTS} devices, ${SCOPES} scopes, ${EVENTS_PER_PUSH} events a push`;
    return {
      name: 'push',
      cases: [
        compare(`${what}, against pgbench, one statement a row`, 'events/s', 'more', runs.ours, runs.perRow),
        compare(
          `${what}, against pgbench, our own set statements`,
          'events/s',
          'more',
          runs.ours,
          runs.perSet,
        ),
      ],
    };
  } finally {
    await server.stop();
    await postgres.stop();
    files.remove();
  }
}

async function makeAccounts(databaseUrl: string, data: string): Promise<void> {
  const { database, close } = await openData({ databaseUrl, data });
  for (let n = 1; n <= Math.max(CLIENTS, SCOPES); n++) {
    // A region comes with its first account; administrators write in all of them.
    await saveAccount(database, {
      id: `bench-${n}`,
      name: `bench ${n}`,
      password: PASSWORD,
      roles: ['admin'],
      homeRegion: `bench-${n}`,
    });
  }
  await close();
}

/** The server in a process of its own: what it costs must not hide in the one that measures. */
export async function startServerProcess(
  databaseUrl: string,
  data: string,
): Promise<{ url: string; pid: number; stop: () => Promise<void> }> {
  const entry = path.join(import.meta.dirname, '../e2e/fixtures/server-entry.ts');
  const options = JSON.stringify({ databaseUrl, data, demo: false, logLevel: 'warn' });
  const child = spawn(process.execPath, ['--expose-gc', entry, options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [url] = (await once(lines, 'line')) as [string];
  const { pid } = child;
  if (pid === undefined) throw new Error('The server has no process id.');
  return {
    url,
    pid,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function logIn(url: string, scopes: readonly string[]): Promise<PushLoad> {
  const devices: Array<{ user: string; device: string; token: string }> = [];
  let epoch = '';
  for (let n = 1; n <= CLIENTS; n++) {
    const user = `bench-${n}`;
    const response = await fetch(`${url}/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, password: PASSWORD, device: { name: user, platform: 'bench' } }),
    });
    const answer = LoginAnswerSchema.parse(await response.json());
    devices.push({ user, device: answer.deviceId, token: answer.token });
    epoch = answer.epoch;
  }
  return { url, devices, scopes, epoch, eventsPerPush: EVENTS_PER_PUSH, pushesPerDevice: PUSHES };
}

async function bareWrite(
  url: string,
  folderPath: string,
  scopes: readonly string[],
  load: PushLoad,
): Promise<BareWrite> {
  const sample = JSON.parse(pushBodies({ ...load, pushesPerDevice: 1 }, 0, 9_999)[0] ?? '') as {
    events: object[];
  };
  // One round of ours first, so that the state has the size that states have.
  await pushAll(
    load,
    load.devices.map((_, index) => pushBodies({ ...load, pushesPerDevice: 1 }, index, 9_998)),
  );
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ state: string }>(
    `SELECT state FROM rows WHERE key LIKE 'ticket/%' ORDER BY length(state) LIMIT 1`,
  );
  await client.end();
  return {
    url,
    folder: folderPath,
    tenant: 'main',
    scopes,
    clients: CLIENTS,
    eventsPerPush: EVENTS_PER_PUSH,
    transactionsPerClient: PUSHES,
    body: JSON.stringify(sample.events[0]),
    state: rows[0]?.state ?? '{}',
  };
}
