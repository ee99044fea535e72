import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DataStore, ERRORS, type Upload } from '@tus/server';
import {
  keyOf,
  placeOf,
  isUploadId,
  type KnownUploads,
  type StoredUpload,
  type UploadBytes,
} from '../upload-bytes.ts';
import type { UploadKey } from '../upload-locks.ts';
import type { Bucket } from './bucket.ts';

/** What a node that is killed can lose of a request: so much is sent to the store at once. */
export const PART_BYTES = 8 * 1024 * 1024;
/** As many digits as the largest attachment needs, and more: names sort as numbers do. */
const DIGITS = 15;

/** Bytes `start` up to `end` of an upload, in an object of their own. */
interface Part {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes of uploads under way as objects, a few for each request, named by where they belong. Any node finds them, and none
 * needs to remember anything: the offset is where the parts end that follow on one another. S3's own multipart upload would want
 * 5 MB a part, and the parts of a slow line are smaller.
 */
export class UploadObjects implements UploadBytes {
  readonly #bucket: Bucket;
  readonly #scratch: string;
  readonly #partBytes: number;

  constructor(bucket: Bucket, scratch: string, partBytes = PART_BYTES) {
    this.#bucket = bucket;
    this.#scratch = scratch;
    this.#partBytes = partBytes;
  }

  tusStore(known: KnownUploads): DataStore {
    return new PartsStore(this, known);
  }

  read(key: UploadKey): Readable {
    return Readable.from(this.#bytes(key), { objectMode: false });
  }

  async *#bytes(key: UploadKey): AsyncGenerator<Buffer> {
    let offset = 0;
    for (const part of await this.#partsInARow(key)) {
      // Two requests of one upload may have overlapped: what was there already is passed over.
      let skip = offset - part.start;
      for await (const chunk of this.#bucket.read(part.key) as AsyncIterable<Buffer>) {
        if (skip < chunk.length) yield chunk.subarray(Math.max(0, skip));
        skip -= chunk.length;
      }
      offset = part.end;
    }
  }

  async remove(key: UploadKey): Promise<void> {
    for await (const { key: name } of this.#bucket.list(prefixOf(key))) await this.#bucket.remove(name);
  }

  async *list(): AsyncGenerator<StoredUpload> {
    let upload: StoredUpload | undefined;
    for await (const { key, size, modifiedAt } of this.#bucket.list('uploads/')) {
      const [, tenant = '', id = ''] = key.split('/');
      if (!isUploadId(id)) continue;
      if (upload !== undefined && (upload.id !== id || upload.tenant !== tenant)) {
        yield upload;
        upload = undefined;
      }
      const bytes = (upload?.bytes ?? 0) + size;
      upload = { tenant, id, bytes, modifiedAt: Math.max(upload?.modifiedAt ?? 0, modifiedAt) };
    }
    if (upload !== undefined) yield upload;
  }

  /** How many bytes have come, without a gap. */
  async offset(key: UploadKey): Promise<number> {
    return (await this.#partsInARow(key)).at(-1)?.end ?? 0;
  }

  /**
   * Takes in the bytes of one request from `offset` on. When they break off, what had come is kept.
   * @returns the new offset; a StorageFailure when the store did not take a part, and the ones before it stay.
   */
  async write(key: UploadKey, content: AsyncIterable<Buffer>, offset: number): Promise<number> {
    await mkdir(this.#scratch, { recursive: true, mode: 0o700 });
    const path = join(this.#scratch, randomUUID());
    const file = await open(path, 'wx', 0o600);
    let end = offset;
    let size = 0;
    let hash = createHash('sha256');
    const send = async (): Promise<void> => {
      if (size === 0) return;
      await this.#bucket.put(nameOf(key, end, end + size), { path, size }, hash.digest('hex'));
      end += size;
      size = 0;
      hash = createHash('sha256');
      await file.truncate(0);
    };
    try {
      let broken: unknown;
      try {
        for await (const chunk of content) {
          await file.write(chunk, 0, chunk.length, size);
          hash.update(chunk);
          size += chunk.length;
          if (size >= this.#partBytes) await send();
        }
      } catch (error) {
        broken = error;
      }
      await send();
      if (broken !== undefined) throw broken;
      return end;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  }

  async #partsInARow(key: UploadKey): Promise<Part[]> {
    const row: Part[] = [];
    let candidate: Part | undefined;
    let end = 0;
    const take = (): void => {
      if (candidate !== undefined) row.push(candidate);
      end = candidate?.end ?? end;
      candidate = undefined;
    };
    // They come sorted by their start: of those that begin within what there is, the one that leads furthest is next.
    for await (const { key: name } of this.#bucket.list(prefixOf(key))) {
      const part = partOf(name);
      if (part === undefined) continue;
      if (part.start > end) take();
      if (part.start > end) break;
      if (part.end > (candidate?.end ?? end)) candidate = part;
    }
    take();
    return row;
  }
}

/** tus's view of it. */
class PartsStore extends DataStore {
  readonly #objects: UploadObjects;
  readonly #known: KnownUploads;

  constructor(objects: UploadObjects, known: KnownUploads) {
    super();
    this.#objects = objects;
    this.#known = known;
  }

  /** The row is written where the owner is known; an object is there from the first byte on. */
  override async create(upload: Upload): Promise<Upload> {
    return upload;
  }

  override async getUpload(fileId: string): Promise<Upload> {
    const upload = await this.#known.find(fileId);
    if (upload === undefined) throw ERRORS.FILE_NOT_FOUND;
    upload.offset = await this.#objects.offset(keyOf(fileId));
    return upload;
  }

  override write(content: Readable, fileId: string, offset: number): Promise<number> {
    return this.#objects.write(keyOf(fileId), content, offset);
  }

  override async remove(fileId: string): Promise<void> {
    await this.#objects.remove(keyOf(fileId));
    await this.#known.forget(fileId);
  }
}

function prefixOf(key: UploadKey): string {
  return `uploads/${placeOf(key).join('/')}/`;
}

function nameOf(key: UploadKey, start: number, end: number): string {
  const digits = (place: number): string => String(place).padStart(DIGITS, '0');
  return `${prefixOf(key)}${digits(start)}-${digits(end)}`;
}

function partOf(key: string): Part | undefined {
  const [, start, end] = /\/(\d+)-(\d+)$/.exec(key) ?? [];
  return start === undefined || end === undefined
    ? undefined
    : { key, start: Number(start), end: Number(end) };
}
