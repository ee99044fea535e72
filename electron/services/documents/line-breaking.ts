// @ts-expect-error the package brings no types; what we use of it stands below
import LineBreaker from 'linebreak';

/** Hands out one break opportunity (UAX #14) after the other. */
type NextBreak = { nextBreak(): { position: number } | null };

/**
 * Breaks text into lines no wider than `width`: at the places Unicode allows
 * (UAX #14: between ideographs, but never before 、。」 or after 「《), and a
 * word, number or hash wider than the line wherever it has to. Line ends in the
 * text are kept; an empty text gives no line. `measure` must be additive.
 */
export function breakIntoLines(text: string, width: number, measure: (piece: string) => number): string[] {
  if (text === '') return [];
  return text.split('\n').flatMap((paragraph) => breakParagraph(paragraph, width, measure));
}

function breakParagraph(paragraph: string, width: number, measure: (piece: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const unit of unbreakableUnits(paragraph)) {
    const shown = unit.trimEnd();
    if (used + measure(shown) <= width) {
      line += unit;
      used += measure(unit);
      continue;
    }
    if (line !== '') lines.push(line.trimEnd());
    line = '';
    used = 0;
    if (measure(shown) <= width) {
      line = unit;
      used = measure(unit);
      continue;
    }
    for (const character of unit) {
      const advance = measure(character);
      if (line !== '' && used + advance > width) {
        lines.push(line.trimEnd());
        line = '';
        used = 0;
      }
      line += character;
      used += advance;
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

function* unbreakableUnits(paragraph: string): Generator<string> {
  const breaker = new LineBreaker(paragraph) as NextBreak;
  let start = 0;
  for (let found = breaker.nextBreak(); found !== null; found = breaker.nextBreak()) {
    yield paragraph.slice(start, found.position);
    start = found.position;
  }
}
