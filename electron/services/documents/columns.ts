import type { Element, Line, Sheet } from './sheet.ts';

/** Lines that stand beside the lines of other columns. */
export interface Column {
  readonly x: number;
  readonly lines: readonly Line[];
  /** The structure its text belongs to, and that structure's type. */
  readonly element: Element;
  readonly type: string;
}

/** Up to this part of a page a row moves whole to the next page; beyond, it breaks between lines. */
const KEPT_WHOLE = 0.35;

/**
 * Draws columns side by side from the sheet's position and moves it below the
 * tallest. What does not fit goes on on the next page, after `onNewPage` had
 * the chance to repeat a head.
 */
export function drawColumns(
  sheet: Sheet,
  columns: readonly Column[],
  onNewPage: () => void = () => {},
): void {
  const heights = rowHeights(columns);
  const total = heights.reduce((sum, height) => sum + height, 0);
  if (!sheet.fits(total) && total <= sheet.pageHeight * KEPT_WHOLE) {
    sheet.newPage();
    onNewPage();
  }
  for (let from = 0; from < heights.length;) {
    let to = from;
    let used = 0;
    while (to < heights.length && sheet.fits(used + (heights[to] ?? 0))) {
      used += heights[to] ?? 0;
      to += 1;
    }
    if (to === from) {
      sheet.newPage();
      onNewPage();
      continue;
    }
    for (const column of columns) drawPiece(sheet, column, heights, from, to);
    sheet.y += used;
    from = to;
  }
}

function rowHeights(columns: readonly Column[]): number[] {
  const heights: number[] = [];
  for (const { lines } of columns) {
    for (const [at, { style }] of lines.entries()) heights[at] = Math.max(heights[at] ?? 0, style.lineHeight);
  }
  return heights;
}

function drawPiece(sheet: Sheet, column: Column, heights: readonly number[], from: number, to: number): void {
  const piece = column.lines.slice(from, to);
  if (piece.length === 0) return;
  sheet.inside(column.element, column.type, () => {
    let top = sheet.y;
    for (const [at, line] of piece.entries()) {
      sheet.draw(line, column.x, top);
      top += heights[from + at] ?? 0;
    }
  });
}
