import type { Readable } from 'node:stream';
import type { DataStore, Upload } from '@tus/server';
import type { UploadKey } from './upload-locks.ts';

/** What the database knows of uploads, for a store of their bytes. `fileId` is tus's name: `<tenant>/<id>`. */
export interface KnownUploads {
  find(fileId: string): Promise<Upload | undefined>;
  forget(fileId: string): Promise<void>;
}

export interface StoredUpload extends UploadKey {
  readonly bytes: number;
  /** Milliseconds since 1970 of the newest of its bytes. */
  readonly modifiedAt: number;
}

/** The bytes of uploads under way, where every node finds them: each part may come over another one. */
export interface UploadBytes {
  /** What tus writes to and asks for offsets. */
  tusStore(known: KnownUploads): DataStore;
  /** What has come, from the first byte on. */
  read(key: UploadKey): Readable;
  remove(key: UploadKey): Promise<void>;
  /** All that bytes have come of, also when the database knows nothing of them. */
  list(): AsyncIterable<StoredUpload>;
}

const TENANT = /^[a-z0-9-]{1,40}$/;
const UPLOAD_ID = /^[A-Za-z0-9_-]{32}$/;

export function isUploadId(text: string): boolean {
  return UPLOAD_ID.test(text);
}

/** tus's name of an upload, which is also where its bytes lie; the wire shows the id alone. */
export function keyOf(fileId: string): UploadKey {
  const [tenant = '', id = ''] = fileId.split('/');
  return { tenant, id };
}

/** @throws RangeError for what could lead elsewhere. */
export function placeOf({ tenant, id }: UploadKey): readonly [string, string] {
  if (!TENANT.test(tenant) || !UPLOAD_ID.test(id)) throw new RangeError('Not a name of an upload.');
  return [tenant, id];
}
