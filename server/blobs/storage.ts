import { join } from 'node:path';
import { ContentFiles } from './content-files.ts';
import type { ContentStore } from './content-store.ts';
import { UploadFiles } from './upload-files.ts';
import type { UploadBytes } from './upload-bytes.ts';

/** Where everything lies that is not in the database. */
export interface Storage {
  readonly attachments: ContentStore;
  readonly segments: ContentStore;
  readonly uploads: UploadBytes;
  /** Requests to the store that failed, each try counted. Files have none. */
  readonly failures: number;
  /** Whether it is there. @param thorough writes and removes something, too. @throws StorageFailure */
  probe(thorough: boolean): Promise<void>;
  /** Removes drafts of processes that died, those that were last written to before then (milliseconds since 1970). */
  dropDrafts(beforeMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Files of `folder`, or objects of a bucket.
 * @param blobs `s3://bucket/prefix` for the bucket; what else is needed to reach it comes from the environment.
 * @throws RangeError when that is no such address.
 */
export async function openStorage(folder: string, blobs: string | undefined): Promise<Storage> {
  if (blobs === undefined) return filesIn(folder);
  // Loaded by those who use it only: it takes a tenth of a second and 30 MB.
  const { openBucket } = await import('./s3/open-bucket.ts');
  return openBucket(blobs, join(folder, 'scratch'), process.env);
}

function filesIn(folder: string): Storage {
  const [attachments, segments] = [
    new ContentFiles(join(folder, 'blobs')),
    new ContentFiles(join(folder, 'segments')),
  ];
  return {
    attachments,
    segments,
    uploads: new UploadFiles(join(folder, 'uploads')),
    failures: 0,
    // Readiness looks at the folder itself.
    probe: () => Promise.resolve(),
    dropDrafts: async (beforeMs) => {
      for (const contents of [attachments, segments]) await contents.dropDrafts(beforeMs);
    },
    close: () => Promise.resolve(),
  };
}
