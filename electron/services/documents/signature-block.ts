import type { RecordSignature, Stroke } from '#shared/domain/report/service-record.ts';
import { drawColumns } from './columns.ts';
import { factPair, heading, type Fact } from './blocks.ts';
import type { PaperFormat } from './paper-format.ts';
import type { CheckedPicture, PictureFault } from './pictures.ts';
import { faultWords } from './photo-grid.ts';
import { RULE, STYLES, type Sheet } from './sheet.ts';
import type { WordKey, Words } from './words.ts';

const BOX = { width: 220, height: 92 };
const PADDING = 10;

/**
 * Box and facts of the customer's confirmation, never parted by a page break.
 * Where nobody has signed, the box stays empty for a pen and the block says so.
 */
export function drawSignatureBlock(
  sheet: Sheet,
  words: Words,
  format: PaperFormat,
  signature: RecordSignature | undefined,
  picture: CheckedPicture | PictureFault | undefined,
): void {
  heading(sheet, words, 'section.confirmation', BOX.height + 26);
  const top = sheet.y + 4;
  const { left, doc } = sheet;
  sheet.artifact('Layout', () => {
    doc.roundedRect(left, top, BOX.width, BOX.height, 3).lineWidth(0.6).stroke(RULE);
    doc
      .moveTo(left + PADDING, top + BOX.height - 22)
      .lineTo(left + BOX.width - PADDING, top + BOX.height - 22)
      .lineWidth(0.4)
      .stroke(RULE);
  });
  drawInBox(sheet, words, signature, picture, top);
  sheet.inside(sheet.element('P'), 'P', () => {
    sheet.draw({ text: words.line('sign.box'), style: STYLES.small }, left + PADDING, top + BOX.height - 16);
  });

  const factsLeft = left + BOX.width + 20;
  sheet.y = top;
  if (signature === undefined) {
    drawBlanks(sheet, words, factsLeft);
  } else {
    for (const fact of signatureFacts(format, words, signature)) {
      const element = sheet.element('P');
      const pair = factPair(sheet, words, fact, factsLeft, sheet.right - factsLeft);
      drawColumns(
        sheet,
        pair.map((column) => ({ ...column, element, type: 'P' })),
      );
      sheet.y += 2;
    }
  }
  // A long reason may have gone on to the next page; the box is only on this one.
  if (sheet.y > top) sheet.y = Math.max(sheet.y, top + BOX.height);
  sheet.y += 8;
}

/** Lines to write on by hand, beside the empty box. */
function drawBlanks(sheet: Sheet, words: Words, left: number): void {
  for (const label of ['sign.who', 'sign.role', 'sign.at'] as const) {
    sheet.inside(sheet.element('P'), 'P', () => {
      sheet.draw({ text: words.line(label), style: STYLES.label }, left, sheet.y);
    });
    sheet.y += 22;
    sheet.rule(sheet.y - 7, { from: left + 64, weight: 0.4 });
  }
}

function drawInBox(
  sheet: Sheet,
  words: Words,
  signature: RecordSignature | undefined,
  picture: CheckedPicture | PictureFault | undefined,
  top: number,
): void {
  const inner = {
    x: sheet.left + PADDING,
    y: top + 6,
    width: BOX.width - 2 * PADDING,
    height: BOX.height - 32,
  };
  const say = (text: string): void => {
    const element = sheet.element('P');
    sheet.inside(element, 'P', () => {
      for (const [row, line] of sheet.lines(text, STYLES.missing, inner.width).slice(0, 4).entries()) {
        sheet.draw(line, inner.x, inner.y + row * line.style.lineHeight);
      }
    });
  };
  if (signature === undefined) {
    say(words.line('sign.none'));
  } else if (signature.kind === 'remote') {
    say(words.line('sign.remoteBox', { how: words.each(`sign.${signature.by}`) }));
  } else if (signature.kind === 'refused') {
    say(words.line('sign.refusedBox'));
  } else if (signature.kind === 'strokes') {
    const strokes = signature.strokes.filter((stroke) => stroke.length > 0);
    if (strokes.length === 0) say(words.line('sign.broken', { reason: words.each('sign.empty') }));
    else
      sheet.inside(sheet.element('Figure', undefined, { alt: words.line('sign.box') }), 'Figure', () =>
        drawStrokes(sheet, strokes, inner),
      );
  } else if (picture === undefined || 'fault' in picture) {
    say(words.line('sign.broken', { reason: faultWords(words, picture ?? { fault: 'absent' }) }));
  } else {
    sheet.picture(picture, inner.x, inner.y, inner, words.line('sign.box'));
  }
}

/** Ink scaled into the box with its proportions kept; a dot is a stroke of one point. */
function drawStrokes(
  sheet: Sheet,
  strokes: readonly Stroke[],
  box: { x: number; y: number; width: number; height: number },
): void {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y] of strokes.flat()) {
    bounds.left = Math.min(bounds.left, x);
    bounds.top = Math.min(bounds.top, y);
    bounds.right = Math.max(bounds.right, x);
    bounds.bottom = Math.max(bounds.bottom, y);
  }
  const [width, height] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
  // Coordinates near the edge of a double span more than a double can hold.
  const scale =
    Number.isFinite(width) && Number.isFinite(height)
      ? Math.min(box.width / Math.max(width, 1), box.height / Math.max(height, 1))
      : 0;
  const place = ([x, y]: readonly [number, number, number]): [number, number] => [
    box.x + (scale === 0 ? 0 : (x - bounds.left) * scale),
    box.y + (box.height - height * scale) / 2 + (scale === 0 ? 0 : (y - bounds.top) * scale),
  ];
  const { doc } = sheet;
  doc.lineWidth(1.1).lineCap('round').lineJoin('round').strokeColor('#111111');
  for (const stroke of strokes) {
    for (const [at, point] of stroke.entries()) {
      const [x, y] = place(point);
      if (at === 0) doc.moveTo(x, y);
      if (at > 0 || stroke.length === 1) doc.lineTo(x, y);
    }
  }
  doc.stroke().lineCap('butt').lineJoin('miter');
}

function signatureFacts(format: PaperFormat, words: Words, signature: RecordSignature): Fact[] {
  const isRefused = signature.kind === 'refused';
  const facts: Fact[] = [
    { label: isRefused ? 'sign.witness' : 'sign.who', value: signature.who },
    { label: 'sign.role', value: signature.role },
    { label: 'sign.at', value: format.moment(signature.at) },
    { label: 'sign.how', value: words.line(howKey(signature)) },
  ];
  if (signature.kind === 'remote') facts.push({ label: 'sign.reference', value: signature.reference });
  if (isRefused) facts.push({ label: 'sign.reason', value: signature.reason });
  return facts;
}

function howKey(signature: RecordSignature): WordKey {
  if (signature.kind === 'remote') return `sign.${signature.by}`;
  return signature.kind === 'refused' ? 'sign.refused' : `sign.${signature.method}`;
}
