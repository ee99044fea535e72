import { isAscii, isUtf8 } from 'node:buffer';

/**
 * Encodings a log may be read in. Every one but UTF-16 never uses the bytes
 * 0x0A and 0x0D inside a longer character, so lines are found in raw bytes.
 */
export const LOG_ENCODINGS = [
  'utf-8',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'windows-1252',
  'utf-16le',
  'utf-16be',
] as const;
export type LogEncoding = (typeof LOG_ENCODINGS)[number];

/**
 * Decodes bytes of one line for display. Malformed bytes become U+FFFD, a
 * character cut at the end is left out, and a byte order mark is dropped only
 * at the start of the file.
 */
export function decode(bytes: Uint8Array, encoding: LogEncoding, atFileStart: boolean): string {
  return new TextDecoder(encoding, { ignoreBOM: !atFileStart }).decode(bytes, { stream: true });
}

/**
 * Guesses the encoding from samples of the file: byte order mark, the zeros of
 * UTF-16, valid UTF-8, then GB18030 if it decodes. Samples begin and end
 * anywhere, so cut characters at their edges are forgiven. A guess can be
 * wrong for short or mixed files, so the user may always choose another.
 */
export function detectEncoding(head: Uint8Array, samples: readonly Uint8Array[]): LogEncoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const zeros = zerosByParity(head);
  if (zeros.odd > 0.3 && zeros.even < 0.05) return 'utf-16le';
  if (zeros.even > 0.3 && zeros.odd < 0.05) return 'utf-16be';
  const all = [head, ...samples];
  if (all.every((sample) => isUtf8(wholeUtf8(sample)))) return 'utf-8';
  const doubtful = all.filter((sample) => !isAscii(sample));
  return doubtful.every(looksLikeGb18030) ? 'gb18030' : 'utf-8';
}

function zerosByParity(bytes: Uint8Array): { even: number; odd: number } {
  const counts: [number, number] = [0, 0];
  for (let i = 0; i < bytes.length; i += 1) if (bytes[i] === 0) counts[i % 2 === 0 ? 0 : 1] += 1;
  const half = Math.max(1, bytes.length / 2);
  return { even: counts[0] / half, odd: counts[1] / half };
}

/** Without the continuation bytes a cut left at the start and the unfinished character at the end. */
function wholeUtf8(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from < 3 && from < bytes.length && isContinuation(bytes[from])) from += 1;
  let lead = bytes.length - 1;
  while (lead >= from && bytes.length - lead < 4 && isContinuation(bytes[lead])) lead -= 1;
  const first = bytes[lead] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return bytes.subarray(from, lead >= from && lead + length > bytes.length ? lead : bytes.length);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/**
 * GB18030 if at most one character in fifty is malformed and most of the
 * two-byte leads lie in the rows of common Chinese characters (GB 2312,
 * 0xB0-0xF7) or punctuation (0xA1-0xA3), which accented Latin text is not.
 */
function looksLikeGb18030(bytes: Uint8Array): boolean {
  const lineStart = bytes.indexOf(10) + 1;
  const text = new TextDecoder('gb18030').decode(bytes.subarray(lineStart), { stream: true });
  let wide = 0;
  let common = 0;
  let malformed = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) continue;
    wide += 1;
    if (code === 0xfffd) malformed += 1;
    else if ((code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3000 && code <= 0x303f) || code >= 0xff00) {
      common += 1;
    }
  }
  return malformed * 50 <= wide && common * 2 >= wide;
}
