import { crc32 } from 'node:zlib';

/**
 * One record on the disk: `[magic 4][length 4][crc32 4][payload]`, numbers big
 * endian, the CRC over length and payload. The magic begins with 0xF5, a byte
 * that no UTF-8 text contains, so a reader that lost its place in a damaged
 * file can look for the next record without mistaking a payload for one.
 */
const MAGIC = Buffer.from([0xf5, 0x46, 0x4c, 0x31]);
const HEADER = 12;

/** A command never decides this much; a longer length is damage. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

/** Frames one payload. @throws RangeError over {@link MAX_PAYLOAD_BYTES}. */
export function frameRecord(payload: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(payload), 'utf8');
  if (body.length > MAX_PAYLOAD_BYTES)
    throw new RangeError(`A record of ${body.length} bytes is over the limit.`);
  const frame = Buffer.alloc(HEADER + body.length);
  MAGIC.copy(frame, 0);
  frame.writeUInt32BE(body.length, 4);
  body.copy(frame, HEADER);
  frame.writeUInt32BE(checksum(frame, 0, body.length), 8);
  return frame;
}

/** What stands in a segment file, in order and without omission. */
export type Piece =
  | { readonly kind: 'record'; readonly offset: number; readonly end: number; readonly payload: unknown }
  /** Bytes between (or after) records that are no record. */
  | { readonly kind: 'damage'; readonly offset: number; readonly end: number };

/** Takes a segment apart. Every byte belongs to exactly one piece. */
export function* readPieces(bytes: Buffer): Generator<Piece> {
  let offset = 0;
  while (offset < bytes.length) {
    const record = readRecord(bytes, offset);
    if (record !== undefined) {
      yield record;
      offset = record.end;
      continue;
    }
    const next = findRecord(bytes, offset + 1);
    yield { kind: 'damage', offset, end: next };
    offset = next;
  }
}

function readRecord(bytes: Buffer, offset: number): (Piece & { kind: 'record' }) | undefined {
  if (offset + HEADER > bytes.length || bytes.compare(MAGIC, 0, 4, offset, offset + 4) !== 0)
    return undefined;
  const length = bytes.readUInt32BE(offset + 4);
  const end = offset + HEADER + length;
  if (length > MAX_PAYLOAD_BYTES || end > bytes.length) return undefined;
  if (bytes.readUInt32BE(offset + 8) !== checksum(bytes, offset, length)) return undefined;
  try {
    return { kind: 'record', offset, end, payload: JSON.parse(bytes.toString('utf8', offset + HEADER, end)) };
  } catch {
    // The CRC fits by chance: damage all the same, and reported as such by the caller.
    return undefined;
  }
}

function findRecord(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(MAGIC, from);
  while (at !== -1 && readRecord(bytes, at) === undefined) at = bytes.indexOf(MAGIC, at + 1);
  return at === -1 ? bytes.length : at;
}

function checksum(frame: Buffer, offset: number, length: number): number {
  const overLength = crc32(frame.subarray(offset + 4, offset + 8));
  return crc32(frame.subarray(offset + HEADER, offset + HEADER + length), overLength);
}
