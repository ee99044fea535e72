import { drawColumns, type Column } from './columns.ts';
import { STYLES, type Element, type Line, type Sheet, type TextStyle } from './sheet.ts';
import type { WordKey, Words } from './words.ts';

export interface TableColumn {
  readonly head: WordKey;
  /** Part of the table's width; all parts together make 1. */
  readonly share: number;
}

/** A cell holds paragraphs, each in its style; an empty cell shows a dash. */
export type Cell = readonly { readonly text: string | undefined; readonly style?: TextStyle }[];

const GAP = 8;
const ROW_PADDING = 2.5;

/**
 * A ruled table over the sheet's width. Its head is repeated on every page it
 * reaches; a row moves whole unless it is taller than a third of a page.
 */
export function drawTable(
  sheet: Sheet,
  words: Words,
  columns: readonly TableColumn[],
  rows: readonly (readonly Cell[])[],
): void {
  const table = sheet.element('Table');
  const places = placesOf(sheet, columns);
  const headLines = columns.map(({ head }, at) =>
    words.each(head).flatMap((text) => sheet.lines(text, STYLES.columnHead, places[at]?.width ?? 0)),
  );
  const headHeight = Math.max(...headLines.map((lines) => lines.length)) * STYLES.columnHead.lineHeight;

  const drawHead = (): void => drawLines(sheet, headLines, places);
  const repeatHead = (): void => {
    sheet.artifact('Pagination', drawHead);
    underHead();
  };
  const underHead = (): void => {
    sheet.y += headHeight + 2;
    sheet.rule(sheet.y, { weight: 0.75, colour: '#555555' });
    sheet.y += ROW_PADDING;
  };

  sheet.ensure(headHeight + 30);
  const headRow = sheet.element('TR', table);
  for (const [at, place] of places.entries()) {
    const header = sheet.element('TH', headRow);
    sheet.inside(header, 'TH', () => drawLines(sheet, [headLines[at] ?? []], [place]));
  }
  underHead();
  for (const row of rows) {
    drawColumns(sheet, cellColumns(sheet, sheet.element('TR', table), row, places), repeatHead);
    sheet.y += ROW_PADDING;
    sheet.rule(sheet.y, { weight: 0.35 });
    sheet.y += ROW_PADDING;
  }
}

interface Place {
  readonly x: number;
  readonly width: number;
}

function placesOf(sheet: Sheet, columns: readonly TableColumn[]): Place[] {
  let x = sheet.left;
  return columns.map(({ share }) => {
    const place = { x, width: share * sheet.width - GAP };
    x += share * sheet.width;
    return place;
  });
}

function cellColumns(sheet: Sheet, row: Element, cells: readonly Cell[], places: readonly Place[]): Column[] {
  return places.map(({ x, width }, at) => {
    const lines = (cells[at] ?? []).flatMap(({ text, style = STYLES.cell }) =>
      sheet.lines(text, style, width),
    );
    return {
      x,
      lines: lines.length > 0 ? lines : [{ text: '–', style: STYLES.cellMissing }],
      element: sheet.element('TD', row),
      type: 'TD',
    };
  });
}

function drawLines(sheet: Sheet, columns: readonly (readonly Line[])[], places: readonly Place[]): void {
  for (const [at, lines] of columns.entries()) {
    for (const [row, line] of lines.entries())
      sheet.draw(line, places[at]?.x ?? 0, sheet.y + row * line.style.lineHeight);
  }
}
