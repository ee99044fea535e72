import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The few things the journal does with a file: a port, so that a test can make the disk fail. */
export interface SegmentFile {
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export interface SegmentFiles {
  /** `create` makes a new file and fails when it exists. */
  open(path: string, create: boolean): Promise<SegmentFile>;
  remove(path: string): Promise<void>;
  /** Makes new, renamed and removed entries of a folder last. */
  syncFolder(dir: string): Promise<void>;
}

const SEGMENT = /^(\d{10})\.journal$/;

/** The real disk. */
export const diskFiles: SegmentFiles = {
  async open(path, create) {
    const file = await open(path, create ? 'wx' : 'r+', 0o600);
    return {
      async write(bytes, position) {
        let at = 0;
        while (at < bytes.length) {
          at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
        }
      },
      truncate: (size) => file.truncate(size),
      datasync: () => file.datasync(),
      close: () => file.close(),
    };
  },
  remove: (path) => rm(path),
  async syncFolder(dir) {
    // Windows can neither open a folder nor needs to.
    if (process.platform === 'win32') return;
    const folder = await open(dir, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

/** Name of the segment with this number. */
export function segmentName(number: number): string {
  return `${number.toString().padStart(10, '0')}.journal`;
}

/** Numbers of the segments in a folder, ascending. */
export async function listSegments(dir: string): Promise<number[]> {
  return (await readdir(dir))
    .flatMap((name) => {
      const match = SEGMENT.exec(name);
      return match === null ? [] : [Number(match[1])];
    })
    .sort((a, b) => a - b);
}

/** The whole of a segment; it is bounded by the rotation. */
export function readSegment(dir: string, number: number): Promise<Buffer> {
  return readFile(join(dir, segmentName(number)));
}

/** Moves all segments into a folder of their own, where nothing reads them any more. */
export async function setAsideSegments(dir: string, fence: number, files: SegmentFiles): Promise<void> {
  const segments = await listSegments(dir);
  if (segments.length === 0) return;
  const aside = join(dir, `unfinished-${fence}`);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const number of segments)
    await rename(join(dir, segmentName(number)), join(aside, segmentName(number)));
  // Both, before anything else is written down: or a loss of power could bring them back under what is founded next.
  await files.syncFolder(aside);
  await files.syncFolder(dir);
}
