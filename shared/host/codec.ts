/**
 * Messages as bytes: `[u32 header length][header JSON][binary parts]`.
 * `Uint8Array` leaves are cut out of the message and follow it raw, so binary
 * data is never base64 and never confused with a value that looks like it.
 */
type Path = ReadonlyArray<string | number>;
interface Header {
  readonly m: unknown;
  readonly b: ReadonlyArray<readonly [path: Path, length: number]>;
}

/** No frame of ours comes near this; a longer one is an attack or a mistake. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 64;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Encodes one message. @throws RangeError if the frame would be over {@link MAX_FRAME_BYTES}. */
export function encodeFrame(message: unknown): Uint8Array<ArrayBuffer> {
  const parts: Array<{ path: Path; bytes: Uint8Array }> = [];
  const m = cutBinary(message, [], parts);
  const header = encoder.encode(
    JSON.stringify({ m, b: parts.map((part) => [part.path, part.bytes.length]) } satisfies Header),
  );
  const total = 4 + header.length + parts.reduce((sum, part) => sum + part.bytes.length, 0);
  if (total > MAX_FRAME_BYTES) throw new RangeError(`A frame of ${total} bytes is over the limit.`);
  const frame = new Uint8Array(total);
  new DataView(frame.buffer).setUint32(0, header.length);
  frame.set(header, 4);
  let at = 4 + header.length;
  for (const part of parts) {
    frame.set(part.bytes, at);
    at += part.bytes.length;
  }
  return frame;
}

/** Decodes one frame. @throws Error for anything that {@link encodeFrame} did not make. */
export function decodeFrame(frame: Uint8Array): unknown {
  if (frame.length < 4 || frame.length > MAX_FRAME_BYTES) throw new Error('Frame of an impossible size.');
  const headerLength = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  if (4 + headerLength > frame.length) throw new Error('Frame shorter than its header says.');
  const header: unknown = JSON.parse(decoder.decode(frame.subarray(4, 4 + headerLength)));
  if (!isHeader(header)) throw new Error('Frame without a header.');
  const root = { m: header.m };
  let at = 4 + headerLength;
  for (const [path, length] of header.b) {
    if (at + length > frame.length) throw new Error('Frame shorter than its parts say.');
    // Copied, and by the method of Uint8Array: `slice` of Node's Buffer shares memory.
    setAt(root, ['m', ...path], new Uint8Array(frame.subarray(at, at + length)));
    at += length;
  }
  if (at !== frame.length) throw new Error('Frame longer than its parts say.');
  return root.m;
}

/**
 * The message with every `Uint8Array` that is a view into a larger buffer
 * copied out of it. Structured clone sends the whole buffer behind a view:
 * more bytes, and perhaps somebody else's.
 */
export function withOwnBinary(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return value.byteLength === value.buffer.byteLength && value.constructor === Uint8Array
      ? value
      : new Uint8Array(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withOwnBinary);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withOwnBinary(item)]));
}

function cutBinary(value: unknown, path: Path, parts: Array<{ path: Path; bytes: Uint8Array }>): unknown {
  if (value instanceof Uint8Array) {
    parts.push({ path, bytes: value });
    return null;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (path.length > MAX_DEPTH) throw new RangeError('A message nested too deep.');
  if (Array.isArray(value)) return value.map((item, index) => cutBinary(item, [...path, index], parts));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, cutBinary(item, [...path, key], parts)]),
  );
}

function setAt(root: object, path: Path, bytes: Uint8Array): void {
  let holder: object = root;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(holder, key) ? Reflect.get(holder, key) : undefined;
    if (typeof next !== 'object' || next === null) throw new Error('Frame with a part that has no place.');
    holder = next;
  }
  const last = path.at(-1);
  // Only a place that the sender emptied may be filled: nothing else in the message, and no prototype.
  if (last === undefined || !Object.hasOwn(holder, last) || Reflect.get(holder, last) !== null) {
    throw new Error('Frame with a part that has no place.');
  }
  Reflect.set(holder, last, bytes);
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null || !('m' in value) || !('b' in value)) return false;
  return (
    Array.isArray(value.b) &&
    value.b.every(
      (part: unknown) =>
        Array.isArray(part) &&
        part.length === 2 &&
        Array.isArray(part[0]) &&
        part[0].length <= MAX_DEPTH &&
        part[0].every((key) => typeof key === 'string' || typeof key === 'number') &&
        Number.isInteger(part[1]) &&
        part[1] >= 0,
    )
  );
}
