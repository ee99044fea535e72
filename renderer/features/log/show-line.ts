/** A piece of a log line as it is shown. */
export interface Segment {
  readonly text: string;
  /** `control`: a sign that stands for a character one would not see. */
  readonly kind: 'text' | 'control';
  /** A match of the search. */
  readonly isHit: boolean;
  /** One of the sixteen terminal colours the line itself asks for, 0 to 15. */
  readonly colour?: number;
  readonly isBold: boolean;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Colour sequences are styled; everything else that is not seen is spelled out, so that no line can disguise itself. */
const SPECIAL =
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  /\u001b\[([0-9;]{0,40})m|[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/gu;

/** Names of C0 as in ASCII. Their pictures (U+2400 …) are missing in many fonts. */
const C0 =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  );

/** A character that is not seen, as a sign: `‹ESC›`, `‹U+202E›`. */
export function controlSign(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const name = code === 0x7f ? 'DEL' : C0[code];
  if (name !== undefined) return `‹${name}›`;
  return `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
}

/**
 * Splits a line into pieces for the screen. `hits` are ranges of matches in UTF-16 units, in order. Of the
 * escape sequences only colours and bold have an effect; they vanish from the text and nothing else does.
 */
export function showLine(text: string, hits: readonly Range[] = []): Segment[] {
  const segments: Segment[] = [];
  let colour: number | undefined;
  let isBold = false;
  let at = 0;
  const plain = (to: number): void => {
    while (at < to) {
      const hit = hits.find((range) => range.to > at);
      const isHit = hit !== undefined && hit.from <= at;
      const end = Math.min(to, hit === undefined ? to : isHit ? hit.to : hit.from);
      segments.push({
        text: text.slice(at, end),
        kind: 'text',
        isHit,
        isBold,
        ...(colour !== undefined && { colour }),
      });
      at = end;
    }
  };
  for (const match of text.matchAll(SPECIAL)) {
    plain(match.index);
    if (match[1] === undefined) {
      const isHit = hits.some(({ from, to }) => from <= at && at < to);
      segments.push({ text: controlSign(match[0]), kind: 'control', isHit, isBold: false });
    } else ({ colour, isBold } = afterSgr(match[1], { colour, isBold }));
    at = match.index + match[0].length;
  }
  plain(text.length);
  return segments;
}

interface Look {
  readonly colour: number | undefined;
  readonly isBold: boolean;
}

/** What a colour sequence leaves. Backgrounds and 256 colours are passed over. */
function afterSgr(parameters: string, before: Look): Look {
  let { colour, isBold } = before;
  const codes = parameters.split(';').map(Number);
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] ?? 0;
    if (code === 0) ({ colour, isBold } = { colour: undefined, isBold: false });
    else if (code === 1) isBold = true;
    else if (code === 22) isBold = false;
    else if (code === 39) colour = undefined;
    else if (code >= 30 && code <= 37) colour = code - 30;
    else if (code >= 90 && code <= 97) colour = code - 82;
    // The numbers behind 38 and 48 name a colour and are no codes.
    else if (code === 38 || code === 48) i += codes[i + 1] === 5 ? 2 : 4;
  }
  return { colour, isBold };
}
