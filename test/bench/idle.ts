import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { Client } from 'pg';
import { saveAccount } from '#server/auth/accounts.ts';
import { openData } from '#server/open-data.ts';
import { startPostgres } from '#test/support/postgres.ts';
import { folder } from './application-page.ts';
import { compare, type BenchResult } from './measure.ts';
import { startServerProcess } from './push.ts';

const DEVICES = Number(process.env['FAULTLINE_BENCH_DEVICES'] ?? 1_000);
const ROUNDS = Number(process.env['FAULTLINE_BENCH_ROUNDS'] ?? 5);

/**
 * What a device costs that is connected and has nothing to do: resident memory of the server process with
 * 1,000 lines for pokes open, each with a login of its own, less what it had before, for each device.
 */
export async function run(): Promise<BenchResult> {
  const perDevice: number[] = [];
  for (let round = 0; round < ROUNDS; round++) perDevice.push(await oneServer());
  return {
    name: 'idle',
    cases: [compare(`memory of the server for each of ${DEVICES} idle devices`, 'KB', 'less', perDevice)],
  };
}

async function oneServer(): Promise<number> {
  const postgres = await startPostgres();
  const files = folder();
  const tokens = await makeDevices(postgres.url, files.path);
  const server = await startServerProcess(postgres.url, files.path);
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  const lines: Array<{ destroy(): void }> = [];
  try {
    // Some lines come and go first: code, pools and caches are there once, however many devices follow.
    const first = await Promise.all(tokens.slice(0, 50).map((token) => openLine(agent, server.url, token)));
    first.forEach((line) => line.destroy());
    const before = await residentKb(server.pid);
    for (const token of tokens) lines.push(await openLine(agent, server.url, token));
    const after = await residentKb(server.pid);
    return (after - before) / DEVICES;
  } finally {
    lines.forEach((line) => line.destroy());
    agent.destroy();
    await server.stop();
    await postgres.stop();
    files.remove();
  }
}

/** Devices and logins straight into the tables: a thousand password hashes are not what is measured here. */
async function makeDevices(databaseUrl: string, data: string): Promise<string[]> {
  const { database, close } = await openData({ databaseUrl, data });
  await saveAccount(database, {
    id: 'idle',
    name: 'idle',
    password: randomBytes(12).toString('hex'),
    roles: ['engineer'],
    homeRegion: 'bench',
  });
  await close();
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const tokens: string[] = [];
  for (let n = 0; n < DEVICES; n++) {
    const token = randomBytes(32).toString('base64url');
    await client.query(
      `INSERT INTO devices (tenant, id, user_id, code, name, platform) VALUES ('main', $1, 'idle', $2, $1, 'bench')`,
      [`idle-device-${n}`, `ID${n}`],
    );
    await client.query(
      `INSERT INTO sessions (token_hash, tenant, user_id, device_id, expires_at) VALUES ($1, 'main', 'idle', $2, $3)`,
      [createHash('sha256').update(token).digest('hex'), `idle-device-${n}`, Date.now() + 86_400_000],
    );
    tokens.push(token);
  }
  await client.end();
  return tokens;
}

/** Resolves with the first poke: the line stands. */
async function openLine(agent: Agent, url: string, token: string): Promise<{ destroy(): void }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/v1/poke`,
      { agent, headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`No line for pokes: ${answer.statusCode}`));
        answer.once('data', () => resolve(asked));
        answer.on('error', () => undefined);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** Resident memory once it has settled: the least of some looks, since the collector runs when it likes. */
async function residentKb(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    least = Math.min(least, Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
  }
  return least;
}
