import { isReadOnly } from '#shared/domain/rights/rights.ts';
import type { BlobReceipt } from '#shared/sync/protocol.ts';
import type { Session } from '../auth/sessions.ts';
import type { Database } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import { viewOf, visibleScopes } from '../sync/rights.ts';
import { holdBlobs, seenThrough } from './blob-references.ts';
import { blobMissing, requireName, type BlobStore } from './blob-store.ts';

/** How much of one user's may lie here that no fact names. */
export interface UnnamedLimits {
  readonly perUser: number;
  readonly bytesPerUser: number;
  /** What nobody has named for so long is removed. Facts come before the bytes that they name: this is for what went wrong. */
  readonly keptMs: number;
}

export const UNNAMED_LIMITS: UnnamedLimits = {
  perUser: 2_000,
  bytesPerUser: 4 * 1024 ** 3,
  keptMs: 30 * 24 * 3_600_000,
};

/** Who may store and fetch which attachment. */
export class BlobRights {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #limits: UnnamedLimits;

  constructor(database: Database, now: () => number, limits: Partial<UnnamedLimits> = {}) {
    this.#database = database;
    this.#now = now;
    this.#limits = { ...UNNAMED_LIMITS, ...limits };
  }

  get keptMs(): number {
    return this.#limits.keptMs;
  }

  /**
   * Whether the user may know the attachment: he has brought its bytes, or sees a fact that names it. Asked before anything is
   * looked for in the store, so that what is out of reach is answered like what is not there. A revoked device sees nothing but
   * what its user has brought.
   */
  async sees({ account, deviceId, deviceRevoked }: Session, sha256: string): Promise<boolean> {
    const { tenant, id } = account;
    const [row] = await this.#database.transaction(
      'snapshot',
      async (sql) => {
        const scopes = deviceRevoked ? [] : await visibleScopes(sql, account);
        return sql.query<{ sees: boolean }>(
          `SELECT EXISTS (SELECT 1 FROM blob_holders WHERE tenant = $1 AND sha256 = $2 AND user_id = $3)
             OR ${seenThrough('$1', '$2', '$4')} AS sees`,
          [tenant, sha256, id, scopes],
        );
      },
      { as: viewOf(account, deviceId) },
    );
    return row?.sees === true;
  }

  /** @throws Problem 400 `blob.badName`, 404 `blob.missing`. */
  async demandSeen(session: Session, sha256: string): Promise<void> {
    requireName(sha256);
    if (!(await this.sees(session, sha256))) throw blobMissing();
  }

  /**
   * Who may not write down any fact has nothing to attach.
   * @throws Problem 403 `blob.noRight`; 429 `upload.tooMany` when too much of the user's is here that no fact names.
   */
  async demandRoom({ account }: Session, size: number): Promise<void> {
    if (isReadOnly(account)) {
      throw new Problem(
        403,
        'blob.noRight',
        'This user may only read. The attachment was not stored; it stays on this laptop.',
      );
    }
    const { perUser, bytesPerUser, keptMs } = this.#limits;
    const [unnamed] = await this.#database.query<{ count: number; bytes: string }>(
      `SELECT count(*) AS count, coalesce(sum(b.size), 0)::text AS bytes
       FROM blob_holders h JOIN blobs b ON b.tenant = h.tenant AND b.sha256 = h.sha256
       WHERE h.tenant = $1 AND h.user_id = $2 AND h.at > $3
         AND NOT EXISTS (SELECT 1 FROM blob_references r WHERE r.tenant = h.tenant AND r.sha256 = h.sha256)`,
      [account.tenant, account.id, this.#now() - keptMs],
    );
    if (unnamed === undefined) throw new Error('A count without a row.');
    if (unnamed.count < perUser && Number(unnamed.bytes) + size <= bytesPerUser) return;
    throw new Problem(
      429,
      'upload.tooMany',
      'Too many attachments of this user are here that no fact names. Send the facts first; what nobody names is removed after a month.',
      3_600,
    );
  }

  /**
   * The receipt that the user is told, who will not send the attachment then: what he has written about it opens it from now on.
   * `undefined` when the server does not have it, or has just removed it, because nobody had named it for long.
   */
  async tell(
    blobs: BlobStore,
    { account: { tenant, id } }: Session,
    sha256: string,
  ): Promise<BlobReceipt | undefined> {
    const receipt = await blobs.receipt(tenant, sha256);
    if (receipt === undefined) return undefined;
    const kept = await this.#database.transaction('write', async (sql) => {
      await holdBlobs(sql, [sha256]);
      await sql.query(
        `UPDATE blob_references SET opens = true
         WHERE tenant = $1 AND sha256 = $2 AND NOT refused AND NOT opens AND (writer = $3 OR carrier = $3)`,
        [tenant, sha256, id],
      );
      await sql.query(
        'UPDATE blobs SET unnamed_since = NULL WHERE tenant = $1 AND sha256 = $2 AND unnamed_since IS NOT NULL',
        [tenant, sha256],
      );
      return sql.query('SELECT 1 FROM blobs WHERE tenant = $1 AND sha256 = $2', [tenant, sha256]);
    });
    return kept.length > 0 ? receipt : undefined;
  }

  /**
   * The user has brought the bytes, and they are stored.
   * @throws Problem 503 `server.busy` when they were just being removed, because nobody had named them for long.
   */
  async noteBrought(blobs: BlobStore, tenant: string, userId: string, sha256: string): Promise<void> {
    const rows = await this.#database.transaction('write', async (sql) => {
      await holdBlobs(sql, [sha256]);
      await sql.query(
        `INSERT INTO blob_holders (tenant, sha256, user_id, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, sha256, user_id) DO UPDATE SET at = excluded.at`,
        [tenant, sha256, userId, this.#now()],
      );
      return sql.query(
        'UPDATE blobs SET unnamed_since = NULL WHERE tenant = $1 AND sha256 = $2 RETURNING sha256',
        [tenant, sha256],
      );
    });
    if (rows.length > 0 && (await blobs.has(tenant, sha256))) return;
    throw new Problem(503, 'server.busy', 'The attachment was just being removed. Send it once more.', 1);
  }
}
