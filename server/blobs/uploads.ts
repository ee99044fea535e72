import { randomBytes } from 'node:crypto';
import { Server, type Upload } from '@tus/server';
import type { Database } from '../db/database.ts';
import { Problem } from '../http/problem.ts';
import type { Session } from '../auth/sessions.ts';
import { BlobRights, type UnnamedLimits } from './blob-rights.ts';
import type { BlobStore } from './blob-store.ts';
import { isSha256 } from './content-store.ts';
import { sweepBlobs } from './sweep-blobs.ts';
import { isUploadId, keyOf, type UploadBytes } from './upload-bytes.ts';
import { LOCK_TIMES, UploadLocks, type LockTimes, type UploadKey } from './upload-locks.ts';
import {
  toTusUpload,
  UPLOAD_LIMITS,
  UploadTable,
  type UploadLimits,
  type UploadOwner,
} from './upload-table.ts';

export const UPLOADS_PATH = '/v1/uploads';

/** Time for a writer that was asked to let go to put on disk what has already come. */
const DRAIN_MS = 200;
const CLEAN_EVERY_MS = 3_600_000;
/** Bytes that no row knows of: a creation may be under way, a day later it is not. */
const LEFTOVER_MS = 24 * 3_600_000;

export interface UploadsOptions {
  readonly database: Database;
  readonly blobs: BlobStore;
  /** Where the bytes of uploads under way lie: a place that all nodes see. */
  readonly bytes: UploadBytes;
  readonly maxBytes: number;
  readonly now: () => number;
  readonly limits?: Partial<UploadLimits>;
  readonly unnamed?: Partial<UnnamedLimits> | undefined;
  readonly lockTimes?: LockTimes;
  /** Removes drafts of contents that were last written to before then (milliseconds since 1970). */
  readonly dropDrafts?: (beforeMs: number) => Promise<void>;
  readonly onCleaningFailed?: (error: unknown) => void;
}

/**
 * Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload). Who may do what, how much and
 * for how long is decided here; the protocol is @tus/server's. Rows stand in the
 * database and bytes where all nodes find them, so that each request of an upload may reach another node.
 */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #table: UploadTable;
  readonly #locks: UploadLocks;
  readonly #tus: Server;
  readonly #rights: BlobRights;
  readonly #sessions = new WeakMap<object, Session>();
  readonly #failures = new WeakMap<object, unknown>();
  readonly #cleaning: NodeJS.Timeout;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#table = new UploadTable(options.database, { ...UPLOAD_LIMITS, ...options.limits }, options.now);
    this.#rights = new BlobRights(options.database, options.now, options.unnamed);
    this.#locks = new UploadLocks(options.database, options.lockTimes ?? LOCK_TIMES);
    this.#tus = this.#buildTus();
    this.#cleaning = setInterval(() => {
      this.clean().catch(options.onCleaningFailed ?? (() => undefined));
    }, CLEAN_EVERY_MS);
    this.#cleaning.unref();
  }

  /**
   * Answers one request of the protocol for who has the login.
   * @throws Problem for whatever is refused.
   */
  async answer(request: Request, session: Session): Promise<Response> {
    this.#sessions.set(request, session);
    const response = await this.#tus.handleWeb(request);
    const failure = this.#failures.get(request);
    if (failure !== undefined || response.status >= 400)
      throw toProblem(failure, response, await response.text());
    return response;
  }

  /**
   * Removes uploads that nobody has added to for weeks, attachments that nobody names, and what nodes that died have left.
   * @returns how many uploads were removed.
   */
  async clean(): Promise<number> {
    await this.#locks.dropDead();
    let removed = 0;
    for (const row of await this.#table.abandoned()) {
      try {
        if (await this.#removeAbandoned(row)) removed++;
      } catch (error) {
        // Somebody writes to it: it is not abandoned, and the others are.
        if (!(error instanceof Problem)) throw error;
      }
    }
    await this.#dropLeftovers();
    await sweepBlobs(this.#options, this.#rights.keptMs);
    await this.#options.dropDrafts?.(this.#options.now() - LEFTOVER_MS);
    return removed;
  }

  /** What it was before the lock may not be so behind it: somebody has gone on with the upload, or ended it. */
  async #removeAbandoned(key: UploadKey): Promise<boolean> {
    return this.#locks.hold(key, async () => {
      const row = await this.#table.find(key);
      if (row === undefined || !this.#table.isAbandoned(row)) return false;
      await this.#remove(key);
      return true;
    });
  }

  /** Bytes whose row is gone: a crash came between the two. */
  async #dropLeftovers(): Promise<void> {
    for await (const stored of this.#options.bytes.list()) {
      const isOld = stored.modifiedAt < this.#options.now() - LEFTOVER_MS;
      if (isOld && (await this.#table.find(stored)) === undefined) await this.#options.bytes.remove(stored);
    }
  }

  stop(): void {
    clearInterval(this.#cleaning);
  }

  #buildTus(): Server {
    const { bytes, maxBytes } = this.#options;
    const store = bytes.tusStore({
      find: async (fileId) => {
        const row = await this.#table.find(keyOf(fileId));
        return row === undefined ? undefined : toTusUpload(fileId, row);
      },
      forget: (fileId) => this.#table.drop(keyOf(fileId)),
    });
    // A length that is told later could not be held against the limits.
    store.extensions = ['creation', 'creation-with-upload', 'termination'];
    return new Server({
      path: UPLOADS_PATH,
      datastore: store,
      maxSize: maxBytes,
      relativeLocation: true,
      lockDrainTimeout: DRAIN_MS,
      locker: { newLock: (fileId) => this.#locks.lockOf(keyOf(fileId)) },
      namingFunction: (request) =>
        `${this.#ownerOf(request).tenant}/${randomBytes(24).toString('base64url')}`,
      generateUrl: (_request, { path, id }) => `${path}/${keyOf(id).id}`,
      getFileIdFromRequest: (request, lastPart = '') =>
        isUploadId(lastPart) ? `${this.#ownerOf(request).tenant}/${lastPart}` : undefined,
      onIncomingRequest: (request, fileId) => this.#admit(request, keyOf(fileId)),
      onUploadCreate: (request, upload) => this.#create(request, upload),
      onUploadFinish: (_request, upload) => this.#finish(keyOf(upload.id)),
      onResponseError: (request, error) => {
        this.#failures.set(request, error);
        return undefined;
      },
    });
  }

  #sessionOf(request: object): Session {
    const session = this.#sessions.get(request);
    if (session === undefined) throw new Error('A request of an upload without its login.');
    return session;
  }

  #ownerOf(request: object): UploadOwner {
    const { account, deviceId } = this.#sessionOf(request);
    return { tenant: account.tenant, userId: account.id, deviceId };
  }

  /** Only the owner learns that an upload exists. tus asks before anything but a creation is done. */
  async #admit(request: Request, key: UploadKey): Promise<void> {
    if (request.method === 'POST') return;
    const owner = this.#ownerOf(request);
    const row = await this.#table.find(key);
    const isOwn = row?.userId === owner.userId && row.deviceId === owner.deviceId;
    if (row === undefined || !isOwn) throw unknownUpload();
    if (this.#table.isAbandoned(row)) {
      await this.#removeAbandoned(key);
      throw unknownUpload();
    }
    if (request.method === 'PATCH') await this.#table.touch(key);
  }

  async #create(request: Request, upload: Upload): Promise<{ metadata: Record<string, string> }> {
    const sha256 = upload.metadata?.['sha256'] ?? '';
    if (!isSha256(sha256)) {
      throw new Problem(
        400,
        'blob.badName',
        'An upload announces the SHA-256 of its content in hex (Upload-Metadata: sha256).',
      );
    }
    const key = keyOf(upload.id);
    const { blobs } = this.#options;
    const session = this.#sessionOf(request);
    // To anybody else nothing is said: his bytes come, are verified, and are found to be here already.
    const isSeen = await this.#rights.sees(session, sha256);
    if (isSeen && (await this.#rights.tell(blobs, session, sha256)) !== undefined) {
      throw new Problem(
        409,
        'blob.known',
        'The server already has this attachment: nothing needs to be sent.',
      );
    }
    await this.#rights.demandRoom(session, upload.size ?? 0);
    await this.#table.add(key, this.#ownerOf(request), sha256, upload.size ?? 0);
    return { metadata: { sha256 } };
  }

  /**
   * The last byte has come: verify and store under the name. The bytes are copied, not moved: a request that lost its
   * lock could still have the file of the upload open, and must not be able to write into what was verified.
   */
  async #finish(key: UploadKey): Promise<Record<string, never>> {
    await this.#locks.hold(key, async () => {
      const row = await this.#table.find(key);
      // The same last request came twice: the other one has finished the upload, or found it wrong.
      if (row === undefined) return;
      const { blobs } = this.#options;
      try {
        await blobs.put(row.tenant, row.sha256, this.#options.bytes.read(key));
        await this.#rights.noteBrought(blobs, row.tenant, row.userId, row.sha256);
      } catch (error) {
        // What has the wrong content cannot be mended by going on. Anything else (a full disk) may be tried again.
        if (error instanceof Problem && error.status < 500) await this.#remove(key);
        throw error;
      }
      await this.#remove(key);
    });
    return {};
  }

  async #remove(key: UploadKey): Promise<void> {
    await this.#options.bytes.remove(key);
    await this.#table.drop(key);
  }

  /** How many uploads are under way. For metrics. */
  async count(): Promise<number> {
    return (await this.#table.known()).length;
  }

  /** How many bytes of uploads under way have come. For metrics. */
  async bytes(): Promise<number> {
    let sum = 0;
    for await (const { bytes } of this.#options.bytes.list()) sum += bytes;
    return sum;
  }
}

function unknownUpload(): Problem {
  return new Problem(
    404,
    'upload.unknown',
    'There is no such upload (any more). Ask for the receipt of the attachment; without one, begin anew.',
  );
}

/** tus's own refusals (a status and a line of text) as problems with codes. */
function toProblem(failure: unknown, response: Response, text: string): unknown {
  if (failure instanceof Error) return failure;
  const detail = text.trim();
  switch (response.status) {
    case 404:
    case 410:
      return unknownUpload();
    case 409:
      return new Problem(
        409,
        'upload.wrongOffset',
        'The upload has another offset. Ask for it (HEAD) and go on from there.',
      );
    case 412:
      return new Problem(412, 'upload.otherVersion', 'Uploads speak tus 1.0.0 (header Tus-Resumable).');
    case 413:
      return new Problem(
        413,
        'blob.tooLarge',
        'The attachment is larger than announced or than the server takes.',
      );
    default:
      // 501 is an extension of the protocol that is not offered, 403 a header that is missing.
      if (response.status >= 500 && response.status !== 501) return new Error(`The upload failed: ${detail}`);
      return new Problem(400, 'upload.malformed', detail);
  }
}
