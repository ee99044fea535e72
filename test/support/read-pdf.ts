import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A word on a page with its box in points from the top left. */
export interface PdfWord {
  readonly page: number;
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface PdfFont {
  readonly name: string;
  readonly isEmbedded: boolean;
  readonly isSubset: boolean;
  readonly hasUnicode: boolean;
}

/** What other programs (poppler, qpdf) find in a PDF. */
export interface ReadPdf {
  readonly text: string;
  /** Text page by page, laid out as on paper. */
  readonly pages: readonly string[];
  readonly words: readonly PdfWord[];
  readonly fonts: readonly PdfFont[];
  /** Fields of pdfinfo. */
  readonly info: Readonly<Record<string, string>>;
  /** Structure types in order, as far as poppler knows them. */
  readonly structure: string;
  readonly images: number;
}

/** Reads a PDF back; throws with qpdf's words if its structure is not sound. */
export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  const dir = await mkdtemp(join(tmpdir(), 'faultline-pdf-'));
  const file = join(dir, 'paper.pdf');
  const tool = async (name: string, ...args: string[]): Promise<string> =>
    (await run(name, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  try {
    await writeFile(file, bytes);
    await tool('qpdf', '--check', file);
    const layout = await tool('pdftotext', '-layout', file, '-');
    return {
      text: await tool('pdftotext', '-raw', file, '-'),
      pages: layout.split('\f').slice(0, -1),
      words: wordsIn(await tool('pdftotext', '-bbox', file, '-')),
      fonts: fontsIn(await tool('pdffonts', file)),
      info: fieldsIn(await tool('pdfinfo', file)),
      structure: await tool('pdfinfo', '-struct', file),
      images: (await tool('pdfimages', '-list', file)).trim().split('\n').length - 2,
    };
  } finally {
    await rm(dir, { recursive: true });
  }
}

function wordsIn(xml: string): PdfWord[] {
  const words: PdfWord[] = [];
  let page = 0;
  for (const line of xml.split('\n')) {
    if (line.includes('<page ')) page += 1;
    const word = /xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*)<\/word>/.exec(
      line,
    );
    if (word === null) continue;
    const [left, top, right, bottom] = word.slice(1, 5).map(Number) as [number, number, number, number];
    words.push({ page, text: word[5] ?? '', left, top, right, bottom });
  }
  return words;
}

function fontsIn(table: string): PdfFont[] {
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => {
      const [name = '', ...rest] = row.trim().split(/\s+/);
      const [emb, sub, uni] = rest.slice(-5);
      return { name, isEmbedded: emb === 'yes', isSubset: sub === 'yes', hasUnicode: uni === 'yes' };
    });
}

function fieldsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** Pairs of words whose boxes cover each other by more than a rounding error: text printed over text. */
export function overlaps(words: readonly PdfWord[]): string[] {
  const found: string[] = [];
  const sorted = words.toSorted((a, b) => a.page - b.page || a.top - b.top);
  for (const [at, a] of sorted.entries()) {
    for (const b of sorted.slice(at + 1)) {
      if (b.page !== a.page || b.top >= a.bottom) break;
      // The font's boxes (1.45 em) are taller than its ink and may touch; ink lies in the middle 60 %.
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      if (wide > 0.5 && high > 0.4 * Math.min(a.bottom - a.top, b.bottom - b.top))
        found.push(`${a.text} | ${b.text}`);
    }
  }
  return found;
}
