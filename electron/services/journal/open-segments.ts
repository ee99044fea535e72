import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DomainEvent } from '#shared/events/envelope.ts';
import { isDiskFull } from './journal-error.ts';
import type { Ledger } from './ledger.ts';
import { readPieces } from './record-frame.ts';
import { RecordSchema } from './record.ts';
import { listSegments, readSegment, segmentName, type SegmentFiles } from './segment-file.ts';

/** Something that opening found wrong. Nothing is thrown away: damaged bytes stay in place or in a side file. */
export interface JournalProblem {
  /** `torn`: the last write was cut off by a crash. `corrupt`: bytes changed afterwards. `unreadableNewer`: written by a newer version. */
  readonly kind: 'torn' | 'corrupt' | 'unreadableNewer';
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface OpenedSegments {
  /** 0 when there is none yet. */
  readonly lastSegment: number;
  /** Where the next record goes. */
  readonly size: number;
  /** The last segment has an end that could not be cut (the disk is full): writing goes on in a new one. */
  readonly mustRotate: boolean;
  readonly problems: readonly JournalProblem[];
  /** All events by their ids. */
  readonly events: ReadonlyMap<string, DomainEvent>;
}

/**
 * Reads all segments into the ledger. The torn end of the last one is copied
 * to `<segment>.<offset>.torn` and cut off. Damage anywhere else is reported,
 * and reading goes on behind it.
 */
export async function openSegments(
  dir: string,
  ledger: Ledger,
  files: SegmentFiles,
): Promise<OpenedSegments> {
  const segments = await listSegments(dir);
  const problems: JournalProblem[] = [];
  const lastSegment = segments.at(-1) ?? 0;
  const seen = new Map<string, DomainEvent>();
  let lostNumbers = 0;
  let size = 0;
  let mustRotate = false;
  for (const segment of segments) {
    const bytes = await readSegment(dir, segment);
    const file = segmentName(segment);
    size = bytes.length;
    for (const piece of readPieces(bytes)) {
      const { offset, end } = piece;
      if (piece.kind === 'damage') {
        const lost = bytes.subarray(offset, end);
        lostNumbers += 1 + countMentions(lost, '"k":"counter"');
        const isTorn = segment === lastSegment && end === bytes.length;
        problems.push({ kind: isTorn ? 'torn' : 'corrupt', file, offset, bytes: end - offset });
        if (isTorn) {
          mustRotate = !(await cut(dir, file, offset, lost, files));
          if (!mustRotate) size = offset;
        }
        continue;
      }
      const parsed = RecordSchema.safeParse(piece.payload);
      if (!parsed.success) {
        problems.push({ kind: 'unreadableNewer', file, offset, bytes: end - offset });
        continue;
      }
      if (parsed.data.k === 'events') for (const event of parsed.data.events) seen.set(event.id, event);
      // It repeats all counters, so what was damaged before it cannot hide a number.
      if (parsed.data.k === 'open') lostNumbers = 0;
      ledger.apply(parsed.data, { segment, offset, end }, (id) => seen.get(id));
    }
  }
  // A number is never given twice: what the damaged bytes may have held is left out.
  if (lostNumbers > 0) {
    for (const [name, value] of ledger.counters) ledger.counters.set(name, value + lostNumbers);
  }
  return { lastSegment, size, mustRotate, problems, events: seen };
}

/** False when there was no room for the side file; then nothing was cut. */
async function cut(
  dir: string,
  file: string,
  offset: number,
  lost: Uint8Array,
  files: SegmentFiles,
): Promise<boolean> {
  try {
    await writeFile(join(dir, `${file}.${offset}.torn`), lost, { mode: 0o600, flush: true });
  } catch (thrown) {
    if (isDiskFull(thrown)) return false;
    throw thrown;
  }
  const segment = await files.open(join(dir, file), false);
  try {
    await segment.truncate(offset);
    await segment.datasync();
  } finally {
    await segment.close();
  }
  return true;
}

function countMentions(bytes: Buffer, text: string): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) count++;
  return count;
}
