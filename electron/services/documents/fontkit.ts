// @ts-expect-error the package brings no types; what we use of it stands below
import { create } from 'fontkit';

/** What we use of a font of fontkit, on which pdfkit itself builds. Numbers are in units of the font. */
export interface Glyph {
  readonly id: number;
  readonly advanceWidth: number;
  readonly codePoints: readonly number[];
}
export interface GlyphPosition {
  xAdvance: number;
  yAdvance: number;
  xOffset: number;
  yOffset: number;
}
export interface GlyphRun {
  readonly glyphs: readonly Glyph[];
  readonly positions: readonly GlyphPosition[];
}
export interface Font {
  readonly postscriptName: string;
  readonly unitsPerEm: number;
  readonly ascent: number;
  readonly descent: number;
  readonly lineGap: number;
  readonly capHeight: number;
  readonly xHeight: number;
  readonly italicAngle: number;
  readonly bbox: object;
  readonly post: object;
  readonly head: object;
  readonly 'OS/2': object;
  /** `features`: OpenType tags switched on beside the usual ones. */
  layout(text: string, features?: readonly string[]): GlyphRun;
  getGlyph(id: number): Glyph;
  glyphForCodePoint(codePoint: number): Glyph;
  hasGlyphForCodePoint(codePoint: number): boolean;
  createSubset(): object;
}

/** Parses a TrueType font; tables are read when first needed. Throws an Error for anything else. */
export const parseFont = create as (bytes: Uint8Array) => Font;
