import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** What is wrong with a picture; the paper says it in place of the picture. */
export type PictureFault =
  | { readonly fault: 'notPicture' | 'damaged' | 'unsupported' | 'absent' }
  | { readonly fault: 'tooLarge'; readonly width: number; readonly height: number };

export interface CheckedPicture {
  /** Bytes that pdfkit embeds as they are, without decoding and without waiting. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export const PNG_SIGNATURE = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A PNG is decoded here in full to be checked, so it may hold less than a JPEG. */
const MAX_PIXELS = 32_000_000;
const MAX_SIDE = 20_000;

/** Samples a pixel, by colour type. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/**
 * Checks a PNG down to its last row (W3C PNG, third edition) and lays
 * transparent pixels on white: pdfkit would decode those later, in callbacks
 * that finish in any order, and a fault in one could not be caught.
 */
export function checkPng(bytes: Uint8Array): CheckedPicture | PictureFault {
  const chunks = readChunks(bytes);
  const header = chunks?.[0];
  if (chunks === undefined || header?.type !== 'IHDR' || header.data.length !== 13)
    return { fault: 'damaged' };
  const view = new DataView(header.data.buffer, header.data.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = [8, 9, 10, 11, 12].map((at) =>
    view.getUint8(at),
  ) as [number, number, number, number, number];
  if (width === 0 || height === 0 || compression !== 0 || filter !== 0) return { fault: 'damaged' };
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS)
    return { fault: 'tooLarge', width, height };
  const channels = CHANNELS[colour];
  if (channels === undefined || DEPTHS[colour]?.includes(depth) !== true || interlace !== 0)
    return { fault: 'unsupported' };

  const rowLength = Math.ceil((width * channels * depth) / 8);
  const rows = inflateRows(chunks, rowLength, height);
  if (rows === undefined) return { fault: 'damaged' };

  const palette = chunks.find(({ type }) => type === 'PLTE')?.data;
  const transparency = chunks.find(({ type }) => type === 'tRNS')?.data;
  const data = joinedData(chunks);
  if (colour === 3) {
    if (palette === undefined || palette.length === 0 || palette.length % 3 !== 0)
      return { fault: 'damaged' };
    const whitened = transparency === undefined ? palette : onWhitePalette(palette, transparency);
    return { bytes: writePng(header.data, data, whitened), width, height };
  }
  if (colour === 4 || colour === 6) {
    const step = depth / 8;
    unfilter(rows, rowLength, height, channels * step);
    const flat = onWhite(rows, { width, height, channels, step, rowLength });
    const plain = Uint8Array.from(header.data);
    plain[8] = 8;
    plain[9] = colour === 4 ? 0 : 2;
    return { bytes: writePng(plain, deflateSync(flat), undefined), width, height };
  }
  // A single transparent colour in a grey or RGB picture is left out: it prints as that colour.
  return { bytes: writePng(header.data, data, undefined), width, height };
}

function readChunks(bytes: Uint8Array): Chunk[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = PNG_SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) return undefined;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + length) });
    if (type === 'IEND') return chunks;
    at += 12 + length;
  }
  return undefined;
}

const joinedData = (chunks: readonly Chunk[]): Uint8Array =>
  Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));

/** Every row with its filter byte, or nothing if there are not exactly as many as promised. */
function inflateRows(chunks: readonly Chunk[], rowLength: number, height: number): Uint8Array | undefined {
  const expected = (rowLength + 1) * height;
  let rows: Uint8Array;
  try {
    rows = inflateSync(joinedData(chunks), { maxOutputLength: expected });
  } catch {
    // zlib says "too much", "too little" or "wrong"; for the paper all three are a damaged picture.
    return undefined;
  }
  if (rows.length !== expected) return undefined;
  for (let row = 0; row < height; row += 1) {
    if ((rows[row * (rowLength + 1)] ?? 5) > 4) return undefined;
  }
  return rows;
}

/** Undoes the row filters in place (PNG, chapter 9). */
function unfilter(rows: Uint8Array, rowLength: number, height: number, step: number): void {
  const stride = rowLength + 1;
  for (let row = 0; row < height; row += 1) {
    const start = row * stride + 1;
    const kind = rows[start - 1] ?? 0;
    for (let i = 0; i < rowLength; i += 1) {
      const left = i >= step ? (rows[start + i - step] ?? 0) : 0;
      const up = row > 0 ? (rows[start + i - stride] ?? 0) : 0;
      const corner = row > 0 && i >= step ? (rows[start + i - stride - step] ?? 0) : 0;
      rows[start + i] = (rows[start + i] ?? 0) + predicted(kind, left, up, corner);
    }
  }
}

function predicted(kind: number, left: number, up: number, corner: number): number {
  switch (kind) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const guess = left + up - corner;
      const [toLeft, toUp, toCorner] = [
        Math.abs(guess - left),
        Math.abs(guess - up),
        Math.abs(guess - corner),
      ];
      if (toLeft <= toUp && toLeft <= toCorner) return left;
      return toUp <= toCorner ? up : corner;
    }
    default:
      return 0;
  }
}

/** Rows of 8-bit colour without alpha, each with filter byte 0. */
function onWhite(
  rows: Uint8Array,
  {
    width,
    height,
    channels,
    step,
    rowLength,
  }: { width: number; height: number; channels: number; step: number; rowLength: number },
): Uint8Array {
  const colours = channels - 1;
  const flat = new Uint8Array((width * colours + 1) * height);
  let to = 0;
  for (let row = 0; row < height; row += 1) {
    to += 1;
    for (let column = 0; column < width; column += 1) {
      const from = row * (rowLength + 1) + 1 + column * channels * step;
      const alpha = rows[from + colours * step] ?? 0;
      for (let colour = 0; colour < colours; colour += 1) {
        flat[to] = blend(rows[from + colour * step] ?? 0, alpha);
        to += 1;
      }
    }
  }
  return flat;
}

const blend = (value: number, alpha: number): number =>
  Math.round((value * alpha + 255 * (255 - alpha)) / 255);

const onWhitePalette = (palette: Uint8Array, transparency: Uint8Array): Uint8Array =>
  palette.map((value, index) => blend(value, transparency[Math.floor(index / 3)] ?? 255));

function writePng(header: Uint8Array, data: Uint8Array, palette: Uint8Array | undefined): Uint8Array {
  return Buffer.concat([
    PNG_SIGNATURE,
    chunk('IHDR', header),
    ...(palette === undefined ? [] : [chunk('PLTE', palette)]),
    chunk('IDAT', data),
    chunk('IEND', new Uint8Array()),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
