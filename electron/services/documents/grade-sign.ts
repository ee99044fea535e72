import type { RecordGrade } from '#shared/domain/report/service-record.ts';
import { STYLES, type Sheet, type TextStyle } from './sheet.ts';

const WIDTH = 24;
const HEIGHT = 15;

/**
 * The sign of a grade: shape and letters, as on the screen, so that a black
 * and white copy keeps it. P1 filled, P2 half filled, P3 outlined, P4 a dot.
 * Returns the width it takes.
 */
export function drawGradeSign(sheet: Sheet, grade: RecordGrade, x: number, top: number): number {
  const { doc } = sheet;
  const white = { ...STYLES.strong, colour: '#ffffff' };
  if (grade === 'P4') {
    doc.circle(x + 3, top + HEIGHT / 2, 2).fill('#111111');
    letters(sheet, grade, STYLES.strong, x + 8, WIDTH - 8, top);
    return WIDTH;
  }
  const outline = (): PDFKit.PDFDocument => doc.roundedRect(x, top, WIDTH, HEIGHT, 2.5);
  if (grade === 'P1') {
    outline().fill('#111111');
    letters(sheet, grade, white, x, WIDTH, top);
    return WIDTH;
  }
  if (grade === 'P2') {
    doc.save();
    outline().clip();
    doc.rect(x, top + HEIGHT - 3.5, WIDTH, 3.5).fill('#111111');
    doc.restore();
  }
  outline().lineWidth(1).stroke('#111111');
  letters(sheet, grade, STYLES.strong, x, WIDTH, grade === 'P2' ? top - 1.5 : top);
  return WIDTH;
}

function letters(sheet: Sheet, text: string, style: TextStyle, x: number, width: number, top: number): void {
  sheet.draw(
    { text, style: { ...style, lineHeight: HEIGHT } },
    x + (width - sheet.widthOf(text, style)) / 2,
    top - 0.3,
  );
}
