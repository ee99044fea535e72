import { Upload } from '@tus/server';
import type { Database } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import type { UploadKey } from './upload-locks.ts';

/** Whose upload it is: nobody else may write to it, read its offset or end it. */
export interface UploadOwner {
  readonly tenant: string;
  readonly userId: string;
  readonly deviceId: string;
}

export interface UploadLimits {
  /** Uploads under way at the same time. A laptop sends a few at once; more is a mistake or an attack. */
  readonly perDevice: number;
  readonly perTenant: number;
  /** Announced bytes of one device that have not arrived or been verified yet. */
  readonly bytesPerDevice: number;
  /** An upload to which nothing was added for so long is given up: two weeks in the field are nothing unusual. */
  readonly abandonedMs: number;
}

export const UPLOAD_LIMITS: UploadLimits = {
  perDevice: 32,
  perTenant: 5_000,
  bytesPerDevice: 8 * 1024 ** 3,
  abandonedMs: 21 * 24 * 3_600_000,
};

export interface UploadRow extends UploadOwner {
  readonly id: string;
  readonly sha256: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly touchedAt: number;
}

const COLUMNS = `tenant, id, user_id AS "userId", device_id AS "deviceId", sha256, size, touched_at AS "touchedAt"`;

/** The uploads under way, in the database: what every node has to know. The bytes themselves are files. */
export class UploadTable {
  readonly #database: Database;
  readonly #limits: UploadLimits;
  readonly #now: () => number;

  constructor(database: Database, limits: UploadLimits, now: () => number) {
    this.#database = database;
    this.#limits = limits;
    this.#now = now;
  }

  async find({ tenant, id }: UploadKey): Promise<UploadRow | undefined> {
    const [row] = await this.#database.query<UploadRow>(
      `SELECT ${COLUMNS} FROM uploads WHERE tenant = $1 AND id = $2`,
      [tenant, id],
    );
    return row;
  }

  /** @throws Problem 429 `upload.tooMany` when the device or the tenant has too much under way. */
  async add(key: UploadKey, owner: UploadOwner, sha256: string, size: number): Promise<void> {
    const { perDevice, perTenant, bytesPerDevice } = this.#limits;
    await this.#database.transaction('write', async (sql) => {
      // The tenant's row is the lock: many at once must not all find room for one.
      await sql.query('SELECT 1 FROM tenants WHERE tenant = $1 FOR UPDATE', [key.tenant]);
      const [open] = await sql.query<{ tenant: number; device: number; bytes: string }>(
        `SELECT count(*) AS tenant, count(*) FILTER (WHERE device_id = $2) AS device,
           coalesce(sum(size) FILTER (WHERE device_id = $2), 0)::text AS bytes
         FROM uploads WHERE tenant = $1`,
        [key.tenant, owner.deviceId],
      );
      if (open === undefined) throw new Error('A count without a row.');
      const isFull = open.device >= perDevice || Number(open.bytes) + size > bytesPerDevice;
      if (isFull || open.tenant >= perTenant) {
        throw new Problem(
          429,
          'upload.tooMany',
          'Too many uploads are under way. Finish or delete some of them, then go on.',
          60,
        );
      }
      await sql.query(
        `INSERT INTO uploads (tenant, id, user_id, device_id, sha256, size, touched_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [key.tenant, key.id, owner.userId, owner.deviceId, sha256, size, this.#now()],
      );
    });
  }

  /** Something was added: the upload is not abandoned. */
  async touch({ tenant, id }: UploadKey): Promise<void> {
    await this.#database.query('UPDATE uploads SET touched_at = $3 WHERE tenant = $1 AND id = $2', [
      tenant,
      id,
      this.#now(),
    ]);
  }

  async drop({ tenant, id }: UploadKey): Promise<void> {
    await this.#database.query('DELETE FROM uploads WHERE tenant = $1 AND id = $2', [tenant, id]);
  }

  isAbandoned({ touchedAt }: UploadRow): boolean {
    return touchedAt + this.#limits.abandonedMs < this.#now();
  }

  async abandoned(): Promise<UploadRow[]> {
    return this.#database.query<UploadRow>(
      `SELECT ${COLUMNS} FROM uploads WHERE touched_at < $1 ORDER BY touched_at LIMIT 1000`,
      [this.#now() - this.#limits.abandonedMs],
    );
  }

  async known(): Promise<UploadKey[]> {
    return this.#database.query<{ tenant: string; id: string }>('SELECT tenant, id FROM uploads');
  }
}

/** The same as tus's file store wants to read it. */
export function toTusUpload(fileId: string, row: UploadRow): Upload {
  return new Upload({ id: fileId, size: row.size, offset: 0, metadata: { sha256: row.sha256 } });
}
