import PdfDocument from 'pdfkit';
import type { DocumentFonts } from './fonts.ts';
import { breakIntoLines } from './line-breaking.ts';
import type { CheckedPicture } from './pictures.ts';
import { visibleText } from './visible-text.ts';

/** How a piece of text looks. Sizes and heights in points. */
export interface TextStyle {
  readonly weight: 'regular' | 'bold';
  readonly size: number;
  readonly lineHeight: number;
  readonly colour: string;
}

/** One line, ready to draw: visible characters only, no wider than its column. */
export interface Line {
  readonly text: string;
  readonly style: TextStyle;
}

export type Element = PDFKit.PDFStructureElement;

const INK = '#111111';
const SOFT = '#555555';
const FAINT = '#767676';
export const RULE = '#c8c8c8';

/** Black on white, three greys, four sizes. The faintest grey still reaches 4.5:1 on white. */
export const STYLES = {
  title: { weight: 'bold', size: 18, lineHeight: 25, colour: INK },
  headline: { weight: 'bold', size: 12, lineHeight: 18, colour: INK },
  heading: { weight: 'bold', size: 9.5, lineHeight: 14, colour: INK },
  headingBeside: { weight: 'regular', size: 8.5, lineHeight: 14, colour: SOFT },
  body: { weight: 'regular', size: 9, lineHeight: 14, colour: INK },
  strong: { weight: 'bold', size: 9, lineHeight: 14, colour: INK },
  label: { weight: 'regular', size: 8, lineHeight: 14, colour: SOFT },
  missing: { weight: 'regular', size: 9, lineHeight: 14, colour: FAINT },
  cell: { weight: 'regular', size: 8.5, lineHeight: 12.5, colour: INK },
  cellStrong: { weight: 'bold', size: 8.5, lineHeight: 12.5, colour: INK },
  cellMissing: { weight: 'regular', size: 8.5, lineHeight: 12.5, colour: FAINT },
  columnHead: { weight: 'regular', size: 7.5, lineHeight: 10.5, colour: SOFT },
  small: { weight: 'regular', size: 7.5, lineHeight: 11, colour: SOFT },
} as const satisfies Record<string, TextStyle>;

export interface SheetInfo {
  readonly title: string;
  readonly author: string;
  readonly keywords: string;
  /** BCP 47. */
  readonly language: string;
  readonly createdAt: Date;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A picture's size on paper: as large as the box takes, but never above one point a pixel, where it would only get coarser. */
export function fitted(picture: Size, box: Size): Size {
  const scale = Math.min(box.width / picture.width, box.height / picture.height, 1);
  return { width: Math.max(picture.width * scale, 1), height: Math.max(picture.height * scale, 1) };
}

const LEFT = 44;
const TOP = 62;
const BOTTOM_MARGIN = 58;

/**
 * A4 pages with a writing position that moves down and over to the next page.
 * Everything drawn is either tagged with the structure it belongs to or an
 * artifact, so that a screen reader hears the paper in order. The same calls
 * give the same bytes.
 */
export class Sheet {
  readonly doc: PDFKit.PDFDocument;
  readonly left = LEFT;
  readonly width: number;
  readonly bottom: number;
  /** Top of the next thing to draw, in points from the top of the page. */
  y: number;
  readonly #fonts: DocumentFonts;
  readonly #root: Element;
  readonly #finished: Promise<Uint8Array>;

  constructor(fonts: DocumentFonts, info: SheetInfo) {
    this.#fonts = fonts;
    this.doc = new PdfDocument({
      size: 'A4',
      margin: 0,
      bufferPages: true,
      pdfVersion: '1.7',
      tagged: true,
      displayTitle: true,
      lang: info.language,
      // No default font: Helvetica would be read from pdfkit's folder and stand in the file unembedded.
      font: '',
      info: {
        Title: info.title,
        Author: info.author,
        Keywords: info.keywords,
        Creator: 'Faultline',
        Producer: 'Faultline (pdfkit)',
        CreationDate: info.createdAt,
        ModDate: info.createdAt,
      },
    });
    const chunks: Uint8Array[] = [];
    this.#finished = new Promise((resolve, reject) => {
      this.doc.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      this.doc.on('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
      this.doc.on('error', reject);
    });
    this.doc.registerFont('regular', fonts.regular.source as Buffer);
    this.doc.registerFont('bold', fonts.bold.source as Buffer);
    this.#root = this.doc.struct('Document');
    this.doc.addStructure(this.#root);
    this.width = this.doc.page.width - 2 * LEFT;
    this.bottom = this.doc.page.height - BOTTOM_MARGIN;
    this.y = 40;
  }

  get right(): number {
    return this.left + this.width;
  }

  /** Height a whole page offers to something that must not be broken. */
  get pageHeight(): number {
    return this.bottom - TOP;
  }

  fits(height: number): boolean {
    return this.y + height <= this.bottom + 0.01;
  }

  newPage(): void {
    this.doc.addPage();
    this.y = TOP;
  }

  /** Moves to a new page unless `height` still fits here. */
  ensure(height: number): void {
    if (!this.fits(height)) this.newPage();
  }

  /** Text as it may be printed: see visibleText. */
  clean(text: string | undefined): string {
    const { regular, bold } = this.#fonts;
    return visibleText(text ?? '', (codePoint) => regular.has(codePoint) && bold.has(codePoint)).trim();
  }

  /** Text broken into lines for a column. Nothing for a text that shows nothing. */
  lines(text: string | undefined, style: TextStyle, width: number): Line[] {
    const face = this.#fonts[style.weight];
    return breakIntoLines(this.clean(text), width, (piece) => face.width(piece, style.size)).map((line) => ({
      text: line,
      style,
    }));
  }

  /** The beginning of a text that fits on one line, with an ellipsis where it was cut. */
  shortened(text: string, style: TextStyle, width: number): string {
    const cleaned = this.clean(text).replaceAll('\n', ' ');
    if (this.widthOf(cleaned, style) <= width) return cleaned;
    const [first] = this.lines(cleaned, style, width - this.widthOf('…', style));
    return `${first?.text ?? ''}…`;
  }

  widthOf(text: string, style: TextStyle): number {
    return this.#fonts[style.weight].width(text, style.size);
  }

  /** Draws one line with the top of its line box at `top`. */
  draw({ text, style }: Line, x: number, top: number): void {
    if (text === '') return;
    // Ideographs fill 0.88 of the em above the baseline, 0.12 below.
    const baseline = top + (style.lineHeight - style.size) / 2 + 0.88 * style.size;
    this.doc
      .font(style.weight)
      .fontSize(style.size)
      .fillColor(style.colour)
      .text(text, x, baseline, { lineBreak: false, baseline: 'alphabetic' });
  }

  drawRight(line: Line, right: number, top: number): void {
    this.draw(line, right - this.widthOf(line.text, line.style), top);
  }

  /** A structure element inside `parent`, or at the end of the document. */
  element(type: string, parent?: Element, options: { alt?: string } = {}): Element {
    const element = this.doc.struct(type, options);
    (parent ?? this.#root).add(element);
    return element;
  }

  /** Draws as content of a structure element. May be called again for what continues on the next page. */
  inside(element: Element, type: string, draw: () => void): void {
    const content = this.doc.markStructureContent(type);
    element.add(content);
    draw();
    this.doc.endMarkedContent();
  }

  /** Draws what carries no meaning of its own: rules, boxes, running heads. */
  artifact(type: 'Layout' | 'Pagination', draw: () => void): void {
    this.doc.markContent('Artifact', { type });
    draw();
    this.doc.endMarkedContent();
  }

  rule(y: number, { from = this.left, to = this.right, weight = 0.5, colour = RULE } = {}): void {
    this.artifact('Layout', () => {
      this.doc.moveTo(from, y).lineTo(to, y).lineWidth(weight).strokeColor(colour).stroke();
    });
  }

  /** Draws a picture at its fitted size. */
  picture(picture: CheckedPicture, x: number, y: number, box: Size, alt: string): void {
    const { width, height } = fitted(picture, box);
    this.inside(this.element('Figure', undefined, { alt }), 'Figure', () => {
      this.doc.image(picture.bytes as Buffer, x, y, { fit: [width, height] });
    });
  }

  /** Draws on every page what needs the number of pages, then closes the file. */
  async finish(
    onEachPage: (page: number, pages: number) => void,
  ): Promise<{ bytes: Uint8Array; pages: number }> {
    const { count } = this.doc.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.doc.switchToPage(page);
      this.artifact('Pagination', () => onEachPage(page + 1, count));
    }
    this.#root.end();
    this.doc.end();
    return { bytes: await this.#finished, pages: count };
  }
}
