import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place } from './ledger.ts';
import { readPieces } from './record-frame.ts';
import { type JournalRecord, RecordSchema } from './record.ts';
import { listSegments, readSegment, segmentName } from './segment-file.ts';

/** Where a journal ended at some moment. */
export interface JournalEnd {
  readonly segment: number;
  readonly size: number;
}

/** All readable records up to `end`. Damage was reported on opening and is passed over here. */
export async function* readRecords(dir: string, end: JournalEnd): AsyncGenerator<JournalRecord> {
  for (const segment of await listSegments(dir)) {
    if (segment > end.segment) return;
    const bytes = await readSegment(dir, segment);
    for (const piece of readPieces(segment === end.segment ? bytes.subarray(0, end.size) : bytes)) {
      const parsed = piece.kind === 'record' ? RecordSchema.safeParse(piece.payload) : undefined;
      if (parsed?.success === true) yield parsed.data;
    }
  }
}

/** The record at a place, `undefined` when it cannot be read any more. */
export async function readRecordAt(dir: string, place: Place): Promise<JournalRecord | undefined> {
  const file = await open(join(dir, segmentName(place.segment)), 'r');
  try {
    const bytes = Buffer.alloc(place.end - place.offset);
    await file.read(bytes, 0, bytes.length, place.offset);
    for (const piece of readPieces(bytes)) {
      const parsed = piece.kind === 'record' ? RecordSchema.safeParse(piece.payload) : undefined;
      return parsed?.success === true ? parsed.data : undefined;
    }
    return undefined;
  } finally {
    await file.close();
  }
}
