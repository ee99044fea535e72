import { drawColumns } from './columns.ts';
import { STYLES, type Line, type Sheet } from './sheet.ts';
import type { WordKey, Words } from './words.ts';

/** A named value; an empty value is said to be missing. */
export interface Fact {
  readonly label: WordKey;
  readonly value: string | undefined;
  /** What to say where there is none; "not recorded" unless told. */
  readonly missing?: WordKey;
}

const LABEL_WIDTH = { one: 64, both: 106 };
const GUTTER = 18;

/** Section heading: keeps at least `following` points of its section on the same page. */
export function heading(sheet: Sheet, words: Words, key: WordKey, following = 34): void {
  const [first = '', second = ''] = words.each(key);
  sheet.y += 10;
  sheet.ensure(20 + following);
  sheet.inside(sheet.element('H2'), 'H2', () => {
    sheet.draw({ text: first, style: STYLES.heading }, sheet.left, sheet.y);
    const beside = sheet.left + sheet.widthOf(`${first}  `, STYLES.heading);
    sheet.draw({ text: second, style: STYLES.headingBeside }, beside, sheet.y);
  });
  sheet.y += 16;
  sheet.rule(sheet.y);
  sheet.y += 4;
}

/** A value's lines, or one line that says it is missing. */
export function valueLines(
  sheet: Sheet,
  words: Words,
  value: string | undefined,
  width: number,
  {
    missing = 'missing.text' as WordKey,
    style = STYLES.body as Line['style'],
    missingStyle = STYLES.missing as Line['style'],
  } = {},
): Line[] {
  const lines = sheet.lines(value, style, width);
  return lines.length > 0 ? lines : sheet.lines(words.line(missing), missingStyle, width);
}

/** Facts one under the other, labels at the left, values over the full width. */
export function factList(sheet: Sheet, words: Words, facts: readonly Fact[]): void {
  factColumns(
    sheet,
    words,
    facts.map((fact) => [fact]),
    sheet.width,
  );
}

/** Facts in two columns, read row by row. */
export function factGrid(sheet: Sheet, words: Words, facts: readonly Fact[]): void {
  const rows: Fact[][] = [];
  for (let at = 0; at < facts.length; at += 2) rows.push(facts.slice(at, at + 2));
  factColumns(sheet, words, rows, (sheet.width - GUTTER) / 2);
}

function factColumns(sheet: Sheet, words: Words, rows: readonly (readonly Fact[])[], width: number): void {
  for (const row of rows) {
    const columns = row.flatMap((fact, at) => {
      const element = sheet.element('P');
      return factPair(sheet, words, fact, sheet.left + at * (width + GUTTER), width).map((pair) => ({
        ...pair,
        element,
        type: 'P',
      }));
    });
    drawColumns(sheet, columns);
    sheet.y += 2;
  }
}

/** Label and value of one fact, as two columns inside `width`. */
export function factPair(
  sheet: Sheet,
  words: Words,
  { label, value, missing }: Fact,
  x: number,
  width: number,
): { x: number; lines: Line[] }[] {
  const labelWidth = labelWidthFor(words, label);
  return [
    { x, lines: sheet.lines(words.line(label), STYLES.label, labelWidth - 6) },
    {
      x: x + labelWidth,
      lines: valueLines(sheet, words, value, width - labelWidth, missing === undefined ? {} : { missing }),
    },
  ];
}

const labelWidthFor = (words: Words, label: WordKey): number =>
  words.each(label).length > 1 ? LABEL_WIDTH.both : LABEL_WIDTH.one;

/** A grey sentence in place of a table or list that has nothing in it. */
export function nothingHere(sheet: Sheet, words: Words, key: WordKey): void {
  const element = sheet.element('P');
  drawColumns(sheet, [
    {
      x: sheet.left,
      lines: sheet.lines(words.line(key), STYLES.missing, sheet.width),
      element,
      type: 'P',
    },
  ]);
}
