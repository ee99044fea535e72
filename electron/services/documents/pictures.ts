import { checkPng, PNG_SIGNATURE, type CheckedPicture, type PictureFault } from './png.ts';

export type { CheckedPicture, PictureFault } from './png.ts';

/** Fetches a kept picture by its SHA-256, or says why it cannot be had. */
export type ReadBlob = (sha256: string) => Promise<Uint8Array | PictureFault>;

/** A JPEG goes into the paper undecoded; this bounds what a reader's viewer has to unpack. */
const MAX_JPEG_PIXELS = 120_000_000;
const MAX_JPEG_SIDE = 20_000;

/**
 * Looks whether a picture can stand on paper, before pdfkit sees it: that it
 * is a whole JPEG or PNG of bearable size. Never throws for what is in the bytes.
 */
export function checkPicture(bytes: Uint8Array): CheckedPicture | PictureFault {
  if (PNG_SIGNATURE.every((byte, at) => bytes[at] === byte)) return checkPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return checkJpeg(bytes);
  return { fault: 'notPicture' };
}

/** Walks the segments of a JPEG (ITU-T T.81, annex B) up to its frame header and asks for an end. */
function checkJpeg(bytes: Uint8Array): CheckedPicture | PictureFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size: { width: number; height: number } | undefined;
  let orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return { fault: 'damaged' };
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return { fault: 'damaged' };
    if (isFrame(marker)) {
      // Baseline and progressive, 8 bits, grey, colour or CMYK: what every PDF viewer decodes.
      if (length < 8 || marker > 0xc2 || bytes[at + 4] !== 8 || ![1, 3, 4].includes(bytes[at + 9] ?? 0))
        return { fault: 'unsupported' };
      size ??= { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    if (marker === 0xe1 && orientation === 1) orientation = exifOrientation(view, at + 4, length - 2);
    at += 2 + length;
    if (marker === 0xda) {
      if (size === undefined || size.width === 0 || size.height === 0 || !hasEnd(bytes, at))
        return { fault: 'damaged' };
      if (
        size.width > MAX_JPEG_SIDE ||
        size.height > MAX_JPEG_SIDE ||
        size.width * size.height > MAX_JPEG_PIXELS
      ) {
        return { fault: 'tooLarge', ...size };
      }
      // pdfkit turns the picture as the camera asks; here only the sides swap.
      return orientation > 4 ? { bytes, width: size.height, height: size.width } : { bytes, ...size };
    }
  }
  return { fault: 'damaged' };
}

/** SOF0 to SOF15 and the arithmetic tables that announce one; C4 holds Huffman tables. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4;

/** Some cameras append data after the end marker, so any place will do. */
function hasEnd(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at >= from; at -= 1) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

/** Orientation tag (0x0112) of the first EXIF directory; 1 where there is none. */
function exifOrientation(view: DataView, start: number, length: number): number {
  if (length < 16 || view.getUint32(start) !== 0x45786966) return 1;
  const tiff = start + 6;
  const end = start + length;
  const isLittle = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, isLittle);
  if (directory + 2 > end) return 1;
  const entries = view.getUint16(directory, isLittle);
  for (let entry = 0; entry < entries; entry += 1) {
    const at = directory + 2 + entry * 12;
    if (at + 12 > end) return 1;
    if (view.getUint16(at, isLittle) === 0x0112) {
      const value = view.getUint16(at + 8, isLittle);
      return value >= 1 && value <= 8 ? value : 1;
    }
  }
  return 1;
}
