import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { MAX_DELETED, type Manifest } from '#shared/sync/protocol.ts';
import type { Account } from '../auth/accounts.ts';
import type { ContentStore } from '../blobs/content-store.ts';
import type { Database, Sql } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { hashText } from './hash-text.ts';
import { holdSegments, removeUnusedSegment } from './remove-segment.ts';
import { maySee, viewOf, viewOfScope, visibleScopes } from './rights.ts';

const compress = promisify(gzip);

export interface BootstrapLimits {
  /** Rows in a segment. */
  readonly rows: number;
  /** So many events may follow a cut before it is made anew: they come by pull, cheaper than a new cut. */
  readonly staleAfter: number;
  /** Purged streams that a manifest names for each scope; {@link MAX_DELETED} unless told. */
  readonly deleted?: number;
}
export const BOOTSTRAP: BootstrapLimits = { rows: 2_000, staleAfter: 500 };

/** A laptop that began with an older manifest may still be fetching its segments. */
const KEPT_MS = 7 * 24 * 3_600_000;

interface Cut {
  readonly head: number;
  readonly hash: string;
  readonly segments: Manifest['segments'];
}
interface Segment {
  readonly sha256: string;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * What a new laptop starts from: the rows of a scope at one version, in
 * immutable compressed files named by their content, so that they can be fetched in any
 * order, again, and from any cache.
 */
export class Bootstrap {
  readonly #database: Database;
  readonly #files: ContentStore;
  readonly #limits: BootstrapLimits;
  readonly #now: () => number;
  readonly #cutting = new Map<string, Promise<Cut>>();

  constructor(database: Database, files: ContentStore, limits: BootstrapLimits, now: () => number) {
    this.#database = database;
    this.#files = files;
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Of all scopes the user sees, in the order in which they are needed, or of one.
   * @throws Problem 404 `sync.unknownScope` for one that he does not see.
   */
  async manifest(account: Account, epoch: string, only?: string): Promise<Manifest> {
    const manifest: Manifest = {
      epoch,
      cursors: {},
      checksums: {},
      latestHlc: '',
      deleted: [],
      segments: [],
    };
    const visible = byNeed(await this.#as(account, (sql) => visibleScopes(sql, account)), account);
    const scopes = only === undefined ? visible : visible.filter((scope) => scope === only);
    if (only !== undefined && scopes.length === 0) {
      throw new Problem(404, 'sync.unknownScope', 'There is no such scope, or this user may not see it.');
    }
    for (const scope of scopes) {
      const { head, hash, segments } = await this.#cutOf(account.tenant, scope);
      manifest.cursors[scope] = head;
      manifest.checksums[scope] = { count: head, hash };
      manifest.segments.push(...segments);
    }
    manifest.latestHlc = await this.#latestStamp(account, scopes);
    // After the cuts: what is purged between the two is told, and its facts come as `deleted` by pull besides.
    manifest.deleted = await this.#deletedIn(account, scopes);
    return manifest;
  }

  /** The streams purged last. Each scope that had one has entries of it, so nobody hears of what he never saw. */
  async #deletedIn(account: Account, scopes: readonly string[]): Promise<string[]> {
    const rows = await this.#as(account, (sql) =>
      sql.query<{ stream: string }>(
        `SELECT DISTINCT d.stream FROM unnest($2::text[]) AS s(scope)
         CROSS JOIN LATERAL (
           SELECT stream FROM deliveries WHERE tenant = $1 AND scope = s.scope AND kind = 'deleted'
           GROUP BY stream ORDER BY max(n) DESC LIMIT $3
         ) AS d`,
        [account.tenant, scopes, this.#limits.deleted ?? MAX_DELETED],
      ),
    );
    return rows.map(({ stream }) => stream);
  }

  /** Of all rows as they stand now: not before what any cut of them holds. */
  async #latestStamp(account: Account, scopes: readonly string[]): Promise<string> {
    const [row] = await this.#as(account, (sql) =>
      sql.query<{ hlc: string | null }>(
        'SELECT max(hlc) AS hlc FROM rows WHERE tenant = $1 AND scope = ANY($2)',
        [account.tenant, scopes],
      ),
    );
    return row?.hlc ?? '';
  }

  #as<T>(account: Account, work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#database.transaction('snapshot', work, { as: viewOf(account) });
  }

  /** The bytes of a segment, or `undefined` when there is none or it is of a scope that the user may not see. */
  async segment(account: Account, sha256: string): Promise<{ size: number; content: Readable } | undefined> {
    const rows = await this.#as(account, (sql) =>
      sql.query<{ scope: string }>(
        `SELECT DISTINCT g.scope FROM segments g JOIN scopes s ON s.tenant = g.tenant AND s.scope = g.scope
         WHERE g.tenant = $1 AND g.sha256 = $2 AND g.head >= s.floor`,
        [account.tenant, sha256],
      ),
    );
    if (!rows.some(({ scope }) => maySee(account, scope))) return undefined;
    const size = await this.#files.size(account.tenant, sha256);
    if (size !== undefined) return { size, content: this.#files.read(account.tenant, sha256) };
    await this.#forgetCutsWith(account.tenant, sha256);
    return undefined;
  }

  /** The bytes are gone (deleted by hand; a database that was set back): the next manifest comes with a new cut. */
  async #forgetCutsWith(tenant: string, sha256: string): Promise<void> {
    await this.#database.query(
      `WITH gone AS (
         DELETE FROM segment_cuts c WHERE c.tenant = $1 AND EXISTS (
           SELECT 1 FROM segments g
           WHERE g.tenant = c.tenant AND g.scope = c.scope AND g.head = c.head AND g.sha256 = $2)
         RETURNING c.scope, c.head)
       DELETE FROM segments g USING gone WHERE g.tenant = $1 AND g.scope = gone.scope AND g.head = gone.head`,
      [tenant, sha256],
    );
  }

  /** Newcomers who come together wait for one cut instead of each making his own. */
  async #cutOf(tenant: string, scope: string): Promise<Cut> {
    const ready = await this.#readyCut(tenant, scope);
    if (ready !== undefined) return ready;
    const place = `${tenant}\n${scope}`;
    const running =
      this.#cutting.get(place) ?? this.#cut(tenant, scope).finally(() => this.#cutting.delete(place));
    this.#cutting.set(place, running);
    return running;
  }

  async #readyCut(tenant: string, scope: string): Promise<Cut | undefined> {
    const [cut] = await this.#database.query<{ head: number; hash: string }>(
      `SELECT c.head, c.hash::text AS hash FROM segment_cuts c
       JOIN scopes s ON s.tenant = c.tenant AND s.scope = c.scope
       WHERE c.tenant = $1 AND c.scope = $2 AND s.head - c.head <= $3 AND c.head >= s.floor
       ORDER BY c.head DESC LIMIT 1`,
      [tenant, scope, this.#limits.staleAfter],
    );
    if (cut === undefined) return undefined;
    const segments = await this.#database.query<Segment>(
      `SELECT sha256, row_count AS rows, bytes FROM segments
       WHERE tenant = $1 AND scope = $2 AND head = $3 ORDER BY place`,
      [tenant, scope, cut.head],
    );
    return {
      head: cut.head,
      hash: hashText(cut.hash),
      segments: segments.map((segment) => ({ ...segment, scope })),
    };
  }

  async #cut(tenant: string, scope: string): Promise<Cut> {
    const { head, hash, pages } = await this.#database.transaction(
      'snapshot',
      (sql) => this.#readPages(sql, tenant, scope),
      { bulk: true, as: viewOfScope(tenant, scope) },
    );
    const segments: Segment[] = [];
    const contents = new Map<string, Buffer>();
    for (const { content, rows } of pages) {
      const sha256 = createHash('sha256').update(content).digest('hex');
      contents.set(sha256, content);
      await this.#put(tenant, sha256, content);
      segments.push({ sha256, rows, bytes: content.length });
    }
    await this.#save(tenant, scope, head, hash, segments);
    // An older cut that had the same segment may have gone before this one was written down, and have taken it along.
    for (const [sha256, content] of contents)
      if ((await this.#files.size(tenant, sha256)) === undefined) await this.#put(tenant, sha256, content);
    await this.#dropOld(tenant, scope, head);
    // This one may have been begun before a purge that is over.
    await this.dropForbidden(tenant, [scope]);
    return { head, hash: hashText(hash), segments: segments.map((segment) => ({ ...segment, scope })) };
  }

  async #put(tenant: string, sha256: string, content: Buffer): Promise<void> {
    await this.#files.put(tenant, sha256, Readable.from([content]), content.length);
  }

  /** Reads and compresses the scope in one snapshot; a page is compressed while the next one is read. */
  async #readPages(sql: Sql, tenant: string, scope: string) {
    const [counter] = await sql.query<{ head: number; hash: string }>(
      'SELECT head, hash::text AS hash FROM scopes WHERE tenant = $1 AND scope = $2',
      [tenant, scope],
    );
    const pages: { content: Buffer; rows: number }[] = [];
    let after = '';
    let compressing: Promise<unknown> = Promise.resolve();
    for (;;) {
      const rows = await sql.query<{ key: string; hlc: string; id: string; state: string }>(
        `SELECT key, hlc, id, state FROM rows WHERE tenant = $1 AND scope = $2 AND key > $3
         ORDER BY key LIMIT $4`,
        [tenant, scope, after, this.#limits.rows],
      );
      await compressing;
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.key;
      const text = rows.map((row) => rowLine(scope, row)).join('');
      compressing = compress(text).then((content) => pages.push({ content, rows: rows.length }));
    }
    return { head: counter?.head ?? 0, hash: counter?.hash ?? '0', pages };
  }

  async #save(
    tenant: string,
    scope: string,
    head: number,
    hash: string,
    segments: readonly Segment[],
  ): Promise<void> {
    await this.#database.transaction('write', async (sql) => {
      await holdSegments(sql, tenant);
      // Another process may have made the same cut: the same snapshot gives the same files.
      const made = await sql.query(
        `INSERT INTO segment_cuts (tenant, scope, head, hash, cut_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING RETURNING head`,
        [tenant, scope, head, hash, this.#now()],
      );
      if (made.length === 0) return;
      await sql.query(
        `INSERT INTO segments (tenant, scope, head, place, sha256, row_count, bytes)
         SELECT $1, $2, $3, s.place, s.sha256, s.rows, s.bytes
         FROM json_to_recordset($4::json) AS s(place integer, sha256 text, rows integer, bytes bigint)`,
        [tenant, scope, head, JSON.stringify(segments.map((segment, place) => ({ ...segment, place })))],
      );
    });
  }

  async #dropOld(tenant: string, scope: string, head: number): Promise<void> {
    await this.#drop(tenant, scope, head, this.#now() - KEPT_MS);
  }

  /** Erases the cuts that hold what was purged or is not shared any more; nobody gets them since then. */
  async dropForbidden(tenant: string, scopes: readonly string[]): Promise<void> {
    const rows = await this.#database.query<{ scope: string; floor: number }>(
      'SELECT scope, floor FROM scopes WHERE tenant = $1 AND scope = ANY($2)',
      [tenant, scopes],
    );
    for (const { scope, floor } of rows) await this.#drop(tenant, scope, floor, Infinity);
  }

  async #drop(tenant: string, scope: string, head: number, before: number): Promise<void> {
    const dropped = await this.#database.query<{ head: number }>(
      `DELETE FROM segment_cuts WHERE tenant = $1 AND scope = $2 AND head < $3 AND cut_at < $4 RETURNING head`,
      [tenant, scope, head, Math.min(before, Number.MAX_SAFE_INTEGER)],
    );
    if (dropped.length === 0) return;
    const heads = dropped.map((cut) => cut.head);
    const gone = await this.#database.query<{ sha256: string }>(
      'DELETE FROM segments WHERE tenant = $1 AND scope = $2 AND head = ANY($3) RETURNING sha256',
      [tenant, scope, heads],
    );
    for (const { sha256 } of gone) await removeUnusedSegment(this.#database, this.#files, tenant, sha256);
  }
}

/** The home screen's scopes first, then what is shared with the user, then what all need, then other regions. */
function byNeed(scopes: readonly string[], account: Account): string[] {
  const rank = (scope: string): number => {
    if (scope === `region/${account.homeRegion}`) return 0;
    if (scope.startsWith('user/')) return 1;
    return scope === 'org' ? 2 : 3;
  };
  return scopes.toSorted((a, b) => rank(a) - rank(b));
}

/** A row as a line; its state goes out as it is stored. */
function rowLine(scope: string, row: { key: string; hlc: string; id: string; state: string }): string {
  const { key, hlc, id, state } = row;
  const head = JSON.stringify({ key, scope, hlc, id });
  return `${head.slice(0, -1)},"state":${state}}\n`;
}
