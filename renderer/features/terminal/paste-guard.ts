/**
 * Text from the clipboard as it may be sent to a device: without ESC, C0 (but TAB, CR, LF), DEL and C1.
 * xterm.js 6.0 does not strip them inside bracketed paste, so `ESC [201~` in a clipboard would end the
 * bracket and run the rest.
 */
export function sanitisePaste(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '');
}

/** Whether something of the paste runs at once: a line end anywhere does. */
export function runsAtOnce(text: string): boolean {
  return /[\r\n]/.test(text);
}

/** Lines of a paste, for people: a line end at the very end begins no line of its own. */
export function pasteLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return lines;
}

/** Characters that change how text looks without being seen: directions, zero widths, tags. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** Whether the text holds characters that a reader does not see. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) !== -1;
}

/** The text with unseen characters spelled out, as `‹U+202E›`. */
export function showUnseen(text: string): string {
  return text.replace(
    UNSEEN,
    (found) => `‹U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}›`,
  );
}
