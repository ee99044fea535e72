import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Database } from '#server/db/database.ts';
import { openPostgres } from '#server/db/open-postgres.ts';
import { openData } from '#server/open-data.ts';
import { startChild, type Child } from '#test/e2e/fixtures/child.ts';
import { makeSmallDisk, type SmallDisk } from '#test/e2e/fixtures/small-disk.ts';
import type { Postgres } from '#test/support/postgres.ts';
import { isRunning } from './laptop.ts';

const run = promisify(execFile);
const COMMANDS = path.resolve(import.meta.dirname, '../../scripts/server.ts');

/** A laptop that was killed logs in again, often; here it does so dozens of times a minute. */
const RATE_LIMITS = { perToken: 1e6, perAddress: 1e6, perAddressWithoutToken: 1e6 };

export type DatabaseKind = 'pglite' | 'postgres';

/** The central server in its own process, with data that can be filled, saved and put back. */
export class Central {
  readonly kind: DatabaseKind;
  readonly disk: SmallDisk | undefined;
  readonly #folder: string;
  readonly #postgres: Postgres | undefined;
  readonly #databaseUrl: string | undefined;
  #server: Child | undefined;
  #port = 0;
  #backups = 0;
  /** Servers that ended without having been killed. */
  readonly died: string[] = [];

  private constructor(
    kind: DatabaseKind,
    folder: string,
    parts: {
      disk: SmallDisk | undefined;
      postgres: Postgres | undefined;
      databaseUrl: string | undefined;
    },
  ) {
    this.kind = kind;
    this.#folder = folder;
    this.disk = parts.disk;
    this.#postgres = parts.postgres;
    this.#databaseUrl = parts.databaseUrl;
  }

  /** With `postgres` on a fresh database of it, else on the embedded database on a small disk of its own. */
  static async open(postgres?: Postgres): Promise<Central> {
    const folder = await mkdtemp(path.join(tmpdir(), 'faultline-torture-server-'));
    const disk = postgres === undefined ? await makeSmallDisk(400) : undefined;
    const databaseUrl = await postgres?.createDatabase();
    const kind = postgres === undefined ? 'pglite' : 'postgres';
    const central = new Central(kind, folder, { disk, postgres, databaseUrl });
    await central.start();
    return central;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get data(): string {
    return path.join(this.disk?.folder ?? this.#folder, 'data');
  }

  get errors(): string {
    return this.#server?.errors() ?? '';
  }

  async start(): Promise<void> {
    if (this.#server !== undefined && !isRunning(this.#server.pid)) {
      this.died.push(`the server ended by itself: ${this.#server.errors().slice(-2_000)}`);
      this.#server = undefined;
    }
    if (this.#server !== undefined) return;
    this.#server = await startChild('server', this.#options(this.#port));
    this.#port = Number(new URL(this.#server.url).port);
  }

  async kill(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  async killPostgres(): Promise<void> {
    await this.#postgres?.kill();
  }

  async startPostgres(): Promise<void> {
    await this.#postgres?.startAgain();
  }

  /** A second server on the same data. @returns what it says on its way out; `undefined` when it was let in. */
  async startSecond(): Promise<string | undefined> {
    try {
      const second = await startChild('server', this.#options(0));
      await second.kill();
      return undefined;
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  /** With the administrator's own command, while the server works. @returns the file. */
  async backup(): Promise<string> {
    const file = path.join(this.#folder, `backup-${++this.#backups}.faultline`);
    await this.#command('backup', '--to', file);
    return file;
  }

  /** The server must not run. */
  async restore(file: string): Promise<void> {
    await this.#command('restore', '--from', file, '--replace');
  }

  /** Reads the database past the server. An embedded one belongs to its server: that is stopped for it and started again. */
  async read<T>(reader: (database: Database) => Promise<T>): Promise<T> {
    if (this.#databaseUrl !== undefined) {
      const database = await openPostgres(this.#databaseUrl, () => undefined);
      try {
        return await reader(database);
      } finally {
        await database.close();
      }
    }
    await this.stop();
    const { database, close } = await openData({ data: this.data });
    try {
      return await reader(database);
    } finally {
      await close();
      await this.start();
    }
  }

  async close(): Promise<void> {
    await this.kill();
    await this.disk?.remove();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #options(port: number): object {
    return { data: this.data, databaseUrl: this.#databaseUrl, port, rateLimits: RATE_LIMITS };
  }

  async #command(...words: string[]): Promise<void> {
    const place =
      this.#databaseUrl === undefined
        ? ['--data', this.data]
        : ['--data', this.data, '--database-url', this.#databaseUrl];
    await run(process.execPath, [COMMANDS, ...words, ...place], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  }
}
