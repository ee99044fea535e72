import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DocumentError } from './document-error.ts';
import { FontFace } from './font-face.ts';
import { parseFont, type Font } from './fontkit.ts';

/** Where the two weights of the paper's typeface (Noto Sans SC, OFL) lie. */
export interface DocumentFontPaths {
  readonly regular: string;
  readonly bold: string;
}

/** Parsed once and kept: parsing and the first look-ups cost far more than a page. */
export interface DocumentFonts {
  readonly regular: FontFace;
  readonly bold: FontFace;
}

const REGULAR = 'NotoSansSC_400Regular.ttf';
const BOLD = 'NotoSansSC_700Bold.ttf';

/**
 * Paths of the fonts: inside `fontsDir` (a package keeps copies of the two
 * files there, under the same names), else in node_modules.
 */
export function documentFontPaths(fontsDir?: string): DocumentFontPaths {
  if (fontsDir !== undefined) return { regular: join(fontsDir, REGULAR), bold: join(fontsDir, BOLD) };
  const { resolve } = createRequire(import.meta.url);
  return {
    regular: resolve(`@expo-google-fonts/noto-sans-sc/400Regular/${REGULAR}`),
    bold: resolve(`@expo-google-fonts/noto-sans-sc/700Bold/${BOLD}`),
  };
}

/**
 * Reads and parses both fonts (about 20 MB in memory). Keep the answer for the life of the process.
 * @throws DocumentError `documents.fontUnavailable`
 */
export async function loadDocumentFonts(
  paths: DocumentFontPaths = documentFontPaths(),
): Promise<DocumentFonts> {
  const [regular, bold] = await Promise.all([parse(paths.regular), parse(paths.bold)]);
  return { regular: new FontFace(regular), bold: new FontFace(bold) };
}

async function parse(path: string): Promise<Font> {
  try {
    return parseFont(await readFile(path));
  } catch (cause) {
    throw new DocumentError(
      'documents.fontUnavailable',
      `The font ${path} cannot be read (${cause instanceof Error ? cause.message : String(cause)}), so no document can be made. Reinstall the application.`,
      { path },
    );
  }
}
