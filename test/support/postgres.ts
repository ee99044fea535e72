import { execFile, spawn } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './listen.ts';
import { prepared } from './prepared.ts';

const run = promisify(execFile);

export interface Postgres {
  /** `postgres://…` of an empty database. */
  readonly url: string;
  readonly pid: number;
  /** Makes one more empty database on the same server and returns its address. */
  createDatabase(): Promise<string>;
  /** `kill -9` of the postmaster: its other processes notice and end. */
  kill(): Promise<void>;
  /** After {@link kill}: the same cluster on the same port, recovered from its log. */
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Further `name=value` settings of the server. */
  readonly settings?: readonly string[];
}

/**
 * Starts Debian's PostgreSQL with a fresh cluster in a temporary folder, on a free port of 127.0.0.1.
 * PostgreSQL refuses to run as root: then it runs as the system user `postgres`. Resolves when it answers.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const programs = await findPrograms();
  const folder = await mkdtemp(join(tmpdir(), 'faultline-postgres-'));
  const owner = process.getuid?.() === 0 ? await systemUser() : undefined;
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const identity = owner ?? {};
  const data = join(folder, 'data');
  await placeCluster(programs, data, folder, identity);
  const sockets = join(folder, 'sockets');
  await mkdir(sockets);
  if (owner !== undefined) await chown(sockets, owner.uid, owner.gid);

  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${sockets}`,
    'max_connections=100',
    'shared_buffers=64MB',
    ...(options.settings ?? []),
  ];
  const start = (): Promise<Postmaster> =>
    startPostmaster(
      join(programs, 'postgres'),
      ['-D', data, ...settings.flatMap((text) => ['-c', text])],
      folder,
      identity,
    );
  let running = await start();

  let databases = 0;
  const createDatabase = async (): Promise<string> => {
    const name = `test_${++databases}`;
    await run(join(programs, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'faultline', name]);
    return `postgres://faultline@127.0.0.1:${port}/${name}`;
  };
  return {
    url: await createDatabase(),
    get pid() {
      return running.pid;
    },
    createDatabase,
    kill: () => running.end('SIGKILL'),
    startAgain: async () => {
      for (let tries = 1; ; tries++) {
        try {
          running = await start();
          return;
        } catch (thrown) {
          // Processes of the one that was killed still hold its shared memory; they end within moments.
          if (tries === 50 || !String(thrown).includes('shared memory')) throw thrown;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    stop: async () => {
      // SIGINT: fast shutdown, which ends the sessions and leaves no shared memory behind.
      await running.end('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A fresh cluster in `data`, a place in `folder`. A copy of one is as fresh, and sooner there. */
async function placeCluster(
  programs: string,
  data: string,
  folder: string,
  identity: { uid?: number; gid?: number },
): Promise<void> {
  const cluster = await prepared('postgres-cluster', async () => {
    // Made where the other user may write, and moved from there.
    const made = join(folder, 'made');
    await makeCluster(programs, made, folder, identity);
    return made;
  });
  if (cluster === undefined) await makeCluster(programs, data, folder, identity);
  else await run('cp', ['-a', '--reflink=auto', cluster, data]);
}

async function makeCluster(
  programs: string,
  data: string,
  folder: string,
  identity: { uid?: number; gid?: number },
): Promise<void> {
  // `cwd`: the caller's folder may be closed to the other user.
  await run(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'faultline', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...identity, cwd: folder },
  );
}

interface Postmaster {
  readonly pid: number;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Resolves when it answers. */
async function startPostmaster(
  program: string,
  options: readonly string[],
  folder: string,
  identity: { uid?: number; gid?: number },
): Promise<Postmaster> {
  const child = spawn(program, options, { ...identity, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  // Not 'close': processes of its own may hold its standard error a little longer.
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`PostgreSQL ended with ${code}: ${log}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-100_000);
      if (log.includes('database system is ready to accept connections')) resolve();
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('PostgreSQL has no process id');
  return {
    pid,
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}

/** The newest version that Debian has installed. */
async function findPrograms(): Promise<string> {
  const root = '/usr/lib/postgresql';
  const versions = (await readdir(root)).map(Number).filter((version) => version >= 15);
  if (versions.length === 0) throw new Error('No PostgreSQL 15 or newer: apt-get install postgresql');
  return join(root, String(Math.max(...versions)), 'bin');
}

async function systemUser(): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
