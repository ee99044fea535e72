/**
 * Makes text safe to print: what a reader cannot see must not change what he
 * reads. Characters that the font lacks (emoji, rare ideographs, other
 * scripts), control characters and bidirectional overrides come out as
 * `[U+202E]`; they can be looked up, and they cannot reorder a serial number.
 * Joiners and variation selectors have no look of their own and are dropped.
 * Line ends become `\n`, other white space a plain space.
 */
export function visibleText(raw: string, canShow: (codePoint: number) => boolean): string {
  let out = '';
  for (const character of raw.normalize('NFC').replace(LINE_END, '\n')) {
    const codePoint = character.codePointAt(0) ?? 0;
    if (character === '\n') out += '\n';
    else if (character === '\t') out += '    ';
    else if (DROPPED.test(character)) continue;
    else if (WIDE_SPACE.test(character)) out += ' ';
    else if (HIDDEN.test(character) || !canShow(codePoint)) out += codeOf(codePoint);
    else out += character;
  }
  return out;
}

const LINE_END = /\r\n?|\u2028|\u2029|\u0085/gu;
/** Zero-width space and joiners, word joiner, byte order mark, soft hyphen, variation selectors. */
const DROPPED = /[\u200b\u2060\ufeff\u00ad]|\p{Join_Control}|\p{Variation_Selector}/u;
/** Every space but the ideographic one, which keeps its width in Chinese text. */
const WIDE_SPACE = /[\u00a0\u1680\u2000-\u200a\u202f\u205f]/u;
/** Controls, other format characters (bidi marks and overrides among them), lone surrogates, private use, unassigned. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u;

function codeOf(codePoint: number): string {
  return `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`;
}
