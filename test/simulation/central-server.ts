import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { FastifyInstance } from 'fastify';
import { BlobStore, MAX_BLOB_BYTES } from '#server/blobs/blob-store.ts';
import { ContentFiles } from '#server/blobs/content-files.ts';
import { commandLine } from '#server/audit/audit-log.ts';
import type { ServerContext } from '#server/context.ts';
import type { Database } from '#server/db/database.ts';
import { UploadFiles } from '#server/blobs/upload-files.ts';
import { Uploads } from '#server/blobs/uploads.ts';
import { buildApp } from '#server/http/app.ts';
import { uploadRoutes } from '#server/http/upload-routes.ts';
import { Bootstrap } from '#server/sync/bootstrap.ts';
import { productDomain } from '#server/sync/domain.ts';
import { Pokes } from '#server/sync/pokes.ts';
import { purgeStream } from '#server/sync/purge-stream.ts';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { LoginAnswerSchema, type LoginAnswer, type LoginRequest } from '#shared/sync/protocol.ts';
import type { WireAnswer, WireRequest } from './network.ts';
import { PASSWORD, type OfficeLine } from './office.ts';
import { PlantedServer } from './planted-server.ts';
import type { Plant } from './plants.ts';
import { DatabaseGone, FaultyDatabase } from './faulty-database.ts';
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
const BACKED_UP = [
  'events',
  'refusals',
  'event_entities',
  'rows',
  'shares',
  'share_reasons',
  'deliveries',
  'blob_references',
] as const;

interface Backup {
  readonly tables: ReadonlyMap<string, string>;
  readonly scopes: string;
}

/** Those that a laptop reads. */
const HEADERS = ['content-type', 'location', 'retry-after', 'tus-resumable', 'upload-offset'] as const;

/** Of a laptop without a key. */
const LOGIN_LIFE_MS = 12 * 3_600_000;

/** The real server's routes, push, pull and bootstrap over one tenant, spoken to in this process. */
export class CentralServer {
  readonly tenant: string;
  readonly database: FaultyDatabase;
  readonly #shared: SharedDatabase;
  readonly #time: VirtualTime;
  #app: FastifyInstance | undefined;
  #pokes: Pokes | undefined;
  #context: ServerContext | undefined;
  readonly #planted: PlantedServer | undefined;
  #epoch = 1;
  #backup: Backup | undefined;

  constructor(shared: SharedDatabase, tenant: string, time: VirtualTime, plant?: Plant) {
    this.#shared = shared;
    this.tenant = tenant;
    this.#time = time;
    this.database = new FaultyDatabase(shared.database);
    if (plant === undefined) return;
    const handle = (request: WireRequest): Promise<WireAnswer> => this.#answer(request);
    const otherFact = (scopes: readonly string[]) => this.#otherFact(scopes);
    this.#planted = new PlantedServer({ plant, handle, otherFact });
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
      epoch: this.epoch,
      tokenTtlMs: LOGIN_LIFE_MS,
      now,
    };
    const uploads = new Uploads({
      database,
      blobs: context.blobs,
      bytes: new UploadFiles(join(folder, 'uploads')),
      maxBytes: MAX_BLOB_BYTES,
      now,
    });
    this.#context = context;
    this.#app = buildApp(context, pino({ level: 'silent' }), MAX_BLOB_BYTES, {
      routes: [uploadRoutes(context, uploads, MAX_BLOB_BYTES)],
    });
  }

  async stop(): Promise<void> {
    this.#pokes?.stop();
    await this.#app?.close();
    this.#app = undefined;
  }

  handle(request: WireRequest): Promise<WireAnswer> {
    return this.#planted?.handle(request) ?? this.#answer(request);
  }

  async #answer(request: WireRequest): Promise<WireAnswer> {
    if (this.#app === undefined) return { status: 503, headers: {}, body: Buffer.alloc(0) };
    const answer = await this.#app.inject({
      method: request.method as 'GET',
      url: request.path,
      headers: { ...request.headers },
      ...(request.body === undefined ? {} : { payload: request.body }),
    });
    const headers = HEADERS.flatMap((name) => {
      const value = answer.headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return { status: answer.statusCode, headers: Object.fromEntries(headers), body: answer.rawPayload };
  }

  /** The newest fact outside these scopes, as a line of a pull. */
  async #otherFact(scopes: readonly string[]) {
    const [row] = await this.database.real.query<{ scope: string; n: number; body: string }>(
      'SELECT scope, n, body FROM events WHERE tenant = $1 AND NOT scope = ANY($2) ORDER BY n DESC LIMIT 1',
      [this.tenant, scopes],
    );
    if (row === undefined) return undefined;
    const { scope, n, body } = row;
    return { k: 'event' as const, scope, n, event: JSON.parse(body) as DomainEvent };
  }

  /** The office's line to it, which no plant and no network stands on. */
  get officeLine(): OfficeLine {
    return {
      tenant: this.tenant,
      sql: this.database.real,
      ask: (request) => this.#answer(request),
      logIn: (user, device) => this.logIn(user, device),
    };
  }

  /** A login over a line that does not fail. */
  async logIn(user: string, device: LoginRequest['device']): Promise<LoginAnswer> {
    const body = JSON.stringify({ tenant: this.tenant, user, password: PASSWORD, device });
    const headers = { 'content-type': 'application/json' };
    const ask = () => this.#answer({ method: 'POST', path: '/v1/login', headers, body });
    let answer = await ask();
    // The database has died over it: once more.
    if (answer.status >= 500) answer = await ask();
    if (answer.status !== 200) throw new Error(`The login of ${user} failed: ${answer.body.toString()}`);
    return LoginAnswerSchema.parse(JSON.parse(answer.body.toString()));
  }

  /** The office deletes a stream at the server itself. @returns how many facts it had. */
  async purge(stream: string): Promise<number> {
    if (this.#context === undefined) return 0;
    const actor = commandLine(this.tenant);
    try {
      return (await purgeStream(this.#context, actor, stream)).events;
    } catch (thrown) {
      if (!(thrown instanceof DatabaseGone)) throw thrown;
      return (await purgeStream(this.#context, actor, stream)).events;
    }
  }

  /** SHA-256 and length of what the server gives out under this name, read anew; `undefined` when it has no such thing. */
  async contentOf(sha256: string): Promise<{ sha256: string; size: number } | undefined> {
    const blobs = this.#context?.blobs;
    if (blobs === undefined || (await blobs.receipt(this.tenant, sha256)) === undefined) return undefined;
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of blobs.read(this.tenant, sha256)) {
      hash.update(piece as Uint8Array);
      size += (piece as Uint8Array).length;
    }
    return { sha256: hash.digest('hex'), size };
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
        `UPDATE scopes SET head = s.head, hash = s.hash, floor = s.floor
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
