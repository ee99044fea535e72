import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { FastifyInstance } from 'fastify';
import { Pool } from 'pg';
import { vi } from 'vitest';
import { startServer, type RunningServer, type ServerOptions } from '#server/start.ts';
import { placeEmptyDatabase } from '#test/support/empty-database.ts';
import { startPostgres, type Postgres } from '#test/support/postgres.ts';
import type { DatabaseKind } from '#test/support/test-server.ts';

export { DATABASES } from '#test/support/test-server.ts';

/** A table's rows as one hash, and each file of the data folder with its content's. */
export type Snapshot = ReadonlyMap<string, string>;

/** Connections to look at the tables with. */
function lookingPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: 2 });
  // A pool calls itself ended before its connections are: PostgreSQL, stopped right after, may still end one itself.
  pool.on('error', (error) => {
    if (!pool.ended) throw error;
  });
  return pool;
}

/** The server as it is shipped, with a look at its database, its files, its routes and its log, and a hand on its clock. */
export class AttackedServer {
  readonly running: RunningServer;
  /** All that Fastify was told, as `METHOD pattern`. */
  readonly routes: ReadonlySet<string>;
  /** Each write to the log, as it came. */
  readonly log: string[];
  readonly clock: { ms: number };
  readonly folder: string;
  readonly #postgres: Postgres | undefined;
  readonly #query: (text: string) => Promise<{ rows: unknown[] }>;
  readonly #end: () => Promise<void>;

  private constructor(parts: {
    running: RunningServer;
    routes: ReadonlySet<string>;
    log: string[];
    clock: { ms: number };
    folder: string;
    postgres: Postgres | undefined;
    query: (text: string) => Promise<{ rows: unknown[] }>;
    end: () => Promise<void>;
  }) {
    this.running = parts.running;
    this.routes = parts.routes;
    this.log = parts.log;
    this.clock = parts.clock;
    this.folder = parts.folder;
    this.#postgres = parts.postgres;
    this.#query = parts.query;
    this.#end = parts.end;
  }

  static async start(kind: DatabaseKind, options: Partial<ServerOptions> = {}): Promise<AttackedServer> {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-attack-'));
    const postgres = kind === 'PostgreSQL' ? await startPostgres({ settings: ['fsync=off'] }) : undefined;
    if (postgres === undefined) await placeEmptyDatabase(folder);
    const routes = new Set<string>();
    const watch = (message: unknown): void => {
      const app = (message as { fastify: FastifyInstance }).fastify;
      app.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat()) routes.add(`${one} ${url}`);
      });
    };
    const embedded = vi.spyOn(PGlite, 'create');
    subscribe('fastify.initialization', watch);
    const log: string[] = [];
    const clock = { ms: Date.now() };
    try {
      const running = await startServer({
        data: folder,
        ...(postgres === undefined ? {} : { databaseUrl: postgres.url }),
        logLevel: 'trace',
        logTo: { write: (text: string) => void log.push(text) },
        now: () => clock.ms,
        maxBlobBytes: 1024 * 1024,
        rateLimits: { perToken: 1e6, perAddress: 1e6, perAddressWithoutToken: 1e6 },
        ...options,
      });
      const pool = postgres === undefined ? undefined : lookingPool(postgres.url);
      const pglite = (await embedded.mock.results[0]?.value) as PGlite | undefined;
      return new AttackedServer({
        running,
        routes,
        log,
        clock,
        folder,
        postgres,
        query: (text) => (pool === undefined ? pglite!.query(text) : pool.query(text)),
        end: async () => pool?.end(),
      });
    } finally {
      unsubscribe('fastify.initialization', watch);
      embedded.mockRestore();
    }
  }

  get url(): string {
    return this.running.url;
  }

  /** Of PostgreSQL. */
  get databaseUrl(): string | undefined {
    return this.#postgres?.url;
  }

  async rows<R>(text: string): Promise<R[]> {
    return (await this.#query(text)).rows as R[];
  }

  /** All tables and all files. @param tenant only its rows. */
  async snapshot(tenant?: string): Promise<Snapshot> {
    const columns = await this.rows<{ table: string; scoped: boolean }>(
      `SELECT t.table_name AS "table", bool_or(c.column_name = 'tenant') AS scoped
       FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name)
       WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY t.table_name ORDER BY 1`,
    );
    const tables = columns.filter(({ scoped }) => tenant === undefined || scoped);
    const hashes = await this.rows<{ name: string; hash: string }>(
      tables
        .map(
          ({ table, scoped }) =>
            `SELECT '${table}' AS name, count(*) || ':' || md5(coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '')) AS hash
             FROM ${table} t ${tenant !== undefined && scoped ? `WHERE tenant = '${tenant}'` : ''}`,
        )
        .join(' UNION ALL '),
    );
    const state = new Map(hashes.map(({ name, hash }) => [name, hash]));
    for (const kind of ['blobs', 'segments', 'uploads']) {
      const place = join(this.folder, kind);
      const names = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const entry of names) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const name = path.slice(this.folder.length + 1);
        if (tenant !== undefined && !name.includes(`/${tenant}/`)) continue;
        state.set(
          name,
          createHash('md5')
            .update(await readFile(path))
            .digest('hex'),
        );
      }
    }
    return state;
  }

  async close(): Promise<void> {
    await this.#end();
    await this.running.close();
    await this.#postgres?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Names of what is different, but for `allowed` tables. */
export function changesBetween(before: Snapshot, after: Snapshot, allowed: readonly string[] = []): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name) && !allowed.includes(name))
    .toSorted();
}
