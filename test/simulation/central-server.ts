import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { FastifyInstance } from 'fastify';
import { readAccount, type AccountRow, ACCOUNT_COLUMNS } from '#server/auth/accounts.ts';
import { registerDevice, type Device } from '#server/auth/devices.ts';
import { LoginThrottle } from '#server/auth/login-throttle.ts';
import { openSession } from '#server/auth/sessions.ts';
import { BlobStore, MAX_BLOB_BYTES } from '#server/blobs/blob-store.ts';
import { ContentFiles } from '#server/blobs/content-files.ts';
import type { Database } from '#server/db/database.ts';
import { buildApp } from '#server/http/app.ts';
import { Bootstrap } from '#server/sync/bootstrap.ts';
import { productDomain } from '#server/sync/domain.ts';
import { Pokes } from '#server/sync/pokes.ts';
import type { WireAnswer, WireRequest } from './network.ts';
import { FaultyDatabase } from './faulty-database.ts';
import { openMemoryDatabase } from './memory-database.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One embedded database for many simulated worlds: each is a tenant of its own. */
export class SharedDatabase {
  readonly folder: string;
  readonly database: Database;

  private constructor(folder: string, database: Database) {
    this.folder = folder;
    this.database = database;
  }

  static async open(): Promise<SharedDatabase> {
    const folder = await mkdtemp(join(tmpdir(), 'faultline-simulation-server-'));
    return new SharedDatabase(folder, await openMemoryDatabase());
  }

  async close(): Promise<void> {
    await this.database.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What a backup holds: the facts and what is derived of them. Logins and devices stand outside. */
const BACKED_UP = ['events', 'refusals', 'event_entities', 'rows'] as const;

interface Backup {
  readonly tables: ReadonlyMap<string, string>;
  readonly scopes: string;
}

const LOGIN_LIFE_MS = 12 * 3_600_000;

/** The real server's routes, push, pull and bootstrap over one tenant, spoken to in this process. */
export class CentralServer {
  readonly tenant: string;
  readonly database: FaultyDatabase;
  readonly #shared: SharedDatabase;
  readonly #time: VirtualTime;
  #app: FastifyInstance | undefined;
  #pokes: Pokes | undefined;
  #epoch = 1;
  #backup: Backup | undefined;

  constructor(shared: SharedDatabase, tenant: string, time: VirtualTime) {
    this.#shared = shared;
    this.tenant = tenant;
    this.#time = time;
    this.database = new FaultyDatabase(shared.database);
  }

  get epoch(): string {
    return `${this.tenant}-epoch-${this.#epoch}`;
  }

  /** Starts, or starts again: what only the process knew is gone. */
  async start(): Promise<void> {
    await this.stop();
    const { database, tenant } = this;
    const { folder } = this.#shared;
    const now = (): number => this.#time.ms;
    this.#pokes = new Pokes(database, () => undefined);
    const segments = new ContentFiles(join(folder, 'segments'));
    const context = {
      database,
      domain: productDomain,
      blobs: new BlobStore(database, new ContentFiles(join(folder, 'blobs', tenant)), MAX_BLOB_BYTES),
      // Small segments and old cuts, so that few facts do what many would.
      bootstrap: new Bootstrap(database, segments, { rows: 7, staleAfter: 25 }, now),
      pokes: this.#pokes,
      throttle: new LoginThrottle(),
      epoch: this.epoch,
      tokenTtlMs: LOGIN_LIFE_MS,
      now,
    };
    this.#app = buildApp(context, pino({ level: 'silent' }), MAX_BLOB_BYTES);
  }

  async stop(): Promise<void> {
    this.#pokes?.stop();
    await this.#app?.close();
    this.#app = undefined;
  }

  async handle(request: WireRequest): Promise<WireAnswer> {
    if (this.#app === undefined) return { status: 503, headers: {}, body: Buffer.alloc(0) };
    const answer = await this.#app.inject({
      method: request.method as 'GET',
      url: request.path,
      headers: { ...request.headers },
      ...(request.body === undefined ? {} : { payload: request.body }),
    });
    const type = answer.headers['content-type'];
    return {
      status: answer.statusCode,
      headers: typeof type === 'string' ? { 'content-type': type } : {},
      body: answer.rawPayload,
    };
  }

  /** Adds a user with scopes; nobody types a password here. */
  async addUser(id: string, roles: readonly string[], region: string): Promise<void> {
    const { tenant, database } = this;
    await database.query('INSERT INTO tenants (tenant) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
    await database.query(
      `INSERT INTO users (tenant, id, name, password_hash, roles, home_region) VALUES ($1, $2, $2, '', $3, $4)`,
      [tenant, id, roles.join(' '), region],
    );
    for (const scope of ['org', `region/${region}`, `user/${id}`])
      await database.query('INSERT INTO scopes (tenant, scope) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        tenant,
        scope,
      ]);
  }

  /** A login without a password: device and token as the real one gives them. */
  async logIn(user: string, deviceId: string): Promise<{ token: string; device: Device }> {
    const { tenant, database } = this;
    return database.real.transaction('write', async (sql) => {
      const [row] = await sql.query<AccountRow>(
        `SELECT ${ACCOUNT_COLUMNS} FROM users u WHERE u.tenant = $1 AND u.id = $2`,
        [tenant, user],
      );
      const claim = { id: deviceId, name: deviceId, platform: 'simulation' };
      const device = await registerDevice(sql, readAccount(row!), claim, this.#time.ms);
      const endsAt = this.#time.ms + LOGIN_LIFE_MS;
      return { token: await openSession(sql, tenant, user, device.id, this.#time.ms, endsAt), device };
    });
  }

  async backUp(): Promise<void> {
    const tables = new Map<string, string>();
    for (const table of [...BACKED_UP, 'scopes']) {
      const [row] = await this.database.real.query<{ all: string }>(
        `SELECT coalesce(json_agg(t), '[]')::text AS all FROM ${table} t WHERE tenant = $1`,
        [this.tenant],
      );
      tables.set(table, row!.all);
    }
    this.#backup = { tables, scopes: tables.get('scopes')! };
  }

  /** The disk has died and the last backup stands: the history since then is gone, and the epoch is another one. */
  async restore(): Promise<boolean> {
    if (this.#backup === undefined) return false;
    const { tables, scopes } = this.#backup;
    await this.database.real.transaction('write', async (sql) => {
      for (const table of [...BACKED_UP, 'segments', 'segment_cuts'])
        await sql.query(`DELETE FROM ${table} WHERE tenant = $1`, [this.tenant]);
      for (const table of BACKED_UP)
        await sql.query(
          `INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1::json)`,
          [tables.get(table)],
        );
      await sql.query(
        `UPDATE scopes SET head = s.head, hash = s.hash
         FROM json_populate_recordset(NULL::scopes, $1::json) AS s
         WHERE scopes.tenant = s.tenant AND scopes.scope = s.scope`,
        [scopes],
      );
    });
    this.#epoch++;
    await this.start();
    return true;
  }
}
