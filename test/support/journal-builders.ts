import type { EventDraft } from '#shared/events/envelope.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import type { Clock } from '#electron/services/journal/clock.ts';
import { diskFiles, type SegmentFiles } from '#electron/services/journal/segment-file.ts';

/** Builders for tests of the journal: a clock that stands where one puts it, drafts with counted ids. */
export const T0 = Date.UTC(2026, 4, 4, 8, 0, 0);

export interface SteppedClock extends Clock {
  wallMs: number;
}

/** Each look at the wall clock is one millisecond later than the one before. */
export function steppedClock(wallMs = T0): SteppedClock {
  return {
    wallMs,
    nowMs() {
      return this.wallMs++;
    },
    monotonicMs: () => 1234.5,
    bootId: 'boot-of-the-test',
    timeZone: () => 'Asia/Shanghai',
  };
}

let made = 0;

export function draftId(): string {
  const random = new Uint8Array(10);
  new DataView(random.buffer).setUint32(6, ++made);
  return uuidV7(T0, random);
}

export function aDraft(text: string, stream = 'ticket/1'): EventDraft {
  return { id: draftId(), stream, scope: 'region/sz', type: 'ticket.noted', v: 1, data: { text } };
}

export interface FailingFiles extends SegmentFiles {
  /** Bytes left on the "disk"; a write that needs more leaves what fits and fails with ENOSPC. */
  room: number;
  /** Flushes so far. */
  syncs: number;
}

/** The real disk with a limit that a test can move. */
export function limitedFiles(room = Number.POSITIVE_INFINITY): FailingFiles {
  const files: FailingFiles = {
    room,
    syncs: 0,
    async open(path, create) {
      const file = await diskFiles.open(path, create);
      return {
        async write(bytes, position) {
          const fits = bytes.subarray(0, Math.max(0, Math.min(bytes.length, files.room)));
          await file.write(fits, position);
          files.room -= fits.length;
          if (fits.length < bytes.length)
            throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        },
        truncate: (size) => file.truncate(size),
        datasync: () => {
          files.syncs++;
          return file.datasync();
        },
        close: () => file.close(),
      };
    },
    remove: (path) => diskFiles.remove(path),
    syncFolder: (dir) => diskFiles.syncFolder(dir),
  };
  return files;
}
