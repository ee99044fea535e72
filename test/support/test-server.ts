import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewAccount } from '#server/auth/accounts.ts';
import type { Database } from '#server/db/database.ts';
import { openPostgres } from '#server/db/open-postgres.ts';
import { startServer, type RunningServer, type ServerOptions } from '#server/start.ts';
import { placeEmptyDatabase } from './empty-database.ts';
import { startPostgres, type Postgres } from './postgres.ts';

/** What the server runs on, for `describe.each`. */
export const DATABASES = ['PGlite', 'PostgreSQL'] as const;
export type DatabaseKind = (typeof DATABASES)[number];

/** Somebody of another region than the people of the demo workspace. */
export const STRANGER = {
  id: 'zhao.bj',
  name: '赵',
  password: 'demo',
  roles: ['specialist'],
  homeRegion: 'bj',
} as const satisfies NewAccount;

/** In place of a folder and an address, which are made. */
export interface TestServerOptions extends Omit<ServerOptions, 'data' | 'databaseUrl'> {
  /** PostgreSQL flushes each commit, as it does at work. Otherwise it is faster and calls nothing durable. */
  readonly fsync?: boolean;
}

/** The real server, with a folder and a database of its own. */
export class TestServer {
  readonly folder: string;
  readonly #postgres: Postgres | undefined;
  readonly #options: TestServerOptions;
  #running: RunningServer | undefined;

  private constructor(folder: string, postgres: Postgres | undefined, options: TestServerOptions) {
    this.folder = folder;
    this.#postgres = postgres;
    this.#options = options;
  }

  static async start(kind: DatabaseKind, options: TestServerOptions = {}): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-server-'));
    const settings = options.fsync === true ? [] : ['fsync=off'];
    const postgres = kind === 'PostgreSQL' ? await startPostgres({ settings }) : undefined;
    const server = new TestServer(folder, postgres, options);
    try {
      if (postgres === undefined) await placeEmptyDatabase(folder);
      await server.restart();
      return server;
    } catch (thrown) {
      await server.close();
      throw thrown;
    }
  }

  get running(): RunningServer {
    if (this.#running === undefined) throw new Error('The server does not run.');
    return this.#running;
  }

  get url(): string {
    return this.running.url;
  }

  get epoch(): string {
    return this.running.epoch;
  }

  get durable(): boolean {
    return this.running.durable;
  }

  /** Of PostgreSQL; the embedded database has none. */
  get databaseUrl(): string | undefined {
    return this.#postgres?.url;
  }

  addAccount(account: NewAccount): Promise<void> {
    return this.running.addAccount(account);
  }

  /** Closes it and starts it over the same data. */
  async restart(changed: TestServerOptions = {}): Promise<void> {
    await this.#running?.close();
    this.#running = undefined;
    const { databaseUrl } = this;
    const { fsync: _, ...options } = { ...this.#options, ...changed };
    this.#running = await startServer({
      logLevel: 'silent',
      ...options,
      data: this.folder,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    });
  }

  /** The server's database, beside the server: only where it is a process of its own. */
  async withDatabase(work: (database: Database) => Promise<void>): Promise<void> {
    if (this.databaseUrl === undefined)
      throw new Error('Nobody opens the embedded database beside the server.');
    const database = await openPostgres(this.databaseUrl, () => undefined);
    try {
      await work(database);
    } finally {
      await database.close();
    }
  }

  /** Ends it and its database, and removes what it wrote. */
  async close(): Promise<void> {
    await this.#running?.close();
    await this.#postgres?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
