/** One cell of the screen: its text (empty behind a wide character) and how many columns it takes. */
export interface Cell {
  readonly chars: string;
  readonly width: number;
}

/** A link on the screen: columns count from 0, the end is exclusive. */
export interface FoundLink {
  readonly url: string;
  readonly from: number;
  readonly to: number;
}

const LINK =
  // oxlint-disable-next-line no-control-regex -- no link holds one
  /https?:\/\/[^\s"'<>`{}|\\^\u0000-\u0020\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/giu;

/** Web addresses in a logical line given as its cells. Nothing but http and https is ever a link. */
export function findLinks(cells: readonly Cell[]): FoundLink[] {
  let text = '';
  const columnOf: number[] = [];
  cells.forEach(({ chars, width }, column) => {
    if (width === 0) return;
    const shown = chars === '' ? ' ' : chars;
    for (let i = 0; i < shown.length; i += 1) columnOf.push(column);
    text += shown;
  });
  const links: FoundLink[] = [];
  for (const match of text.matchAll(LINK)) {
    // Punctuation behind an address belongs to the sentence.
    const url = match[0].replace(/[),.;:!?\]，。；：！？）】」]+$/u, '');
    if (safeUrl(url) === undefined) continue;
    const last = match.index + url.length - 1;
    const lastColumn = columnOf[last] ?? 0;
    links.push({ url, from: columnOf[match.index] ?? 0, to: lastColumn + (cells[lastColumn]?.width ?? 1) });
  }
  return links;
}

/** The address if it is one that may be opened outside, spelled as it will be opened. */
export function safeUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  // `https://bank.example@evil.example` shows one name and opens another.
  if (url.username !== '' || url.password !== '') return undefined;
  return url.href;
}
