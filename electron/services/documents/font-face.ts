import type { Font, Glyph, GlyphPosition } from './fontkit.ts';

interface Shaped {
  readonly glyphs: readonly Glyph[];
  readonly positions: readonly GlyphPosition[];
  /** In units of the font. */
  readonly width: number;
}

/** Latin words kept shaped; when full it starts anew, which costs a few milliseconds. */
const WORDS_KEPT = 5_000;
/** From here on (radicals, kana, ideographs, full-width forms) a glyph stands alone: no kerning, no marks. */
const FIRST_IDEOGRAPHIC = 0x2e80;
/** Beside these, quotation marks take their narrow form: “don’t” and “通信中断” share the characters, not the width. */
const HAS_LATIN = /[\p{Script=Latin}\d]/u;

/**
 * One weight of the typeface, measured and drawn the same way: ideographs one
 * by one, everything between them shaped as a word (kerning, marks) and kept.
 * pdfkit takes `source` for a font. Handing out fresh glyph objects matters:
 * fontkit keeps one object a glyph with the code points of its first use, so
 * a glyph shared by two characters would carry one record's text into the next.
 */
export class FontFace {
  readonly source: object;
  readonly #font: Font;
  readonly #words = new Map<string, Shaped>();
  readonly #advances = new Map<number, { id: number; advance: number }>();

  constructor(font: Font) {
    this.#font = font;
    this.source = {
      postscriptName: font.postscriptName,
      unitsPerEm: font.unitsPerEm,
      ascent: font.ascent,
      descent: font.descent,
      lineGap: font.lineGap,
      capHeight: font.capHeight,
      xHeight: font.xHeight,
      italicAngle: font.italicAngle,
      bbox: font.bbox,
      post: font.post,
      head: font.head,
      'OS/2': font['OS/2'],
      getGlyph: (id: number) => font.getGlyph(id),
      createSubset: () => font.createSubset(),
      layout: (text: string) => this.#layout(text),
    };
  }

  /** Whether the face can draw this character. */
  has(codePoint: number): boolean {
    return this.#font.hasGlyphForCodePoint(codePoint);
  }

  /** Width in points of one line of text set at `size` points. */
  width(text: string, size: number): number {
    let units = 0;
    for (const run of runs(text)) units += this.#shape(run).width;
    return (units * size) / this.#font.unitsPerEm;
  }

  #layout(text: string): { glyphs: Glyph[]; positions: GlyphPosition[]; advanceWidth: number } {
    const glyphs: Glyph[] = [];
    const positions: GlyphPosition[] = [];
    let advanceWidth = 0;
    for (const run of runs(text)) {
      const shaped = this.#shape(run);
      for (const glyph of shaped.glyphs) glyphs.push({ ...glyph });
      // pdfkit scales positions in place.
      for (const position of shaped.positions) positions.push({ ...position });
      advanceWidth += shaped.width;
    }
    return { glyphs, positions, advanceWidth };
  }

  #shape(run: string): Shaped {
    const codePoint = run.codePointAt(0) ?? 0;
    if (codePoint >= FIRST_IDEOGRAPHIC) return this.#single(codePoint);
    const known = this.#words.get(run);
    if (known !== undefined) return known;
    const { glyphs, positions } = this.#font.layout(run, HAS_LATIN.test(run) ? ['pwid'] : []);
    const shaped: Shaped = {
      glyphs: glyphs.map(({ id, advanceWidth, codePoints }) => ({
        id,
        advanceWidth,
        codePoints: [...codePoints],
      })),
      positions: positions.map(({ xAdvance, yAdvance, xOffset, yOffset }) => ({
        xAdvance,
        yAdvance,
        xOffset,
        yOffset,
      })),
      width: positions.reduce((sum, position) => sum + position.xAdvance, 0),
    };
    if (this.#words.size >= WORDS_KEPT) this.#words.clear();
    this.#words.set(run, shaped);
    return shaped;
  }

  #single(codePoint: number): Shaped {
    let known = this.#advances.get(codePoint);
    if (known === undefined) {
      const glyph = this.#font.glyphForCodePoint(codePoint);
      known = { id: glyph.id, advance: glyph.advanceWidth };
      this.#advances.set(codePoint, known);
    }
    const { id, advance } = known;
    return {
      glyphs: [{ id, advanceWidth: advance, codePoints: [codePoint] }],
      positions: [{ xAdvance: advance, yAdvance: 0, xOffset: 0, yOffset: 0 }],
      width: advance,
    };
  }
}

/** Cuts text into single ideographs and words; a space ends its word, so that words repeat. */
function* runs(text: string): Generator<string> {
  let word = '';
  for (const character of text) {
    if ((character.codePointAt(0) ?? 0) >= FIRST_IDEOGRAPHIC) {
      if (word !== '') yield word;
      word = '';
      yield character;
    } else {
      word += character;
      if (character === ' ') {
        yield word;
        word = '';
      }
    }
  }
  if (word !== '') yield word;
}
