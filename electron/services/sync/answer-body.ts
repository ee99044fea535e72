import { badAnswer, cutOff, SyncError } from './sync-error.ts';

/** How much of an answer is taken, after decompression: a bomb is given up when it has grown to this. */
export interface AnswerLimits {
  /** Bytes. */
  readonly bytes: number;
  /** Called for each piece that arrives. */
  readonly onPiece: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A line is one event; nothing legitimate comes near this. */
const MAX_LINE = 16 * 1024 * 1024;

/**
 * The pieces of an answer as they come.
 * @throws SyncError `sync.cutOff` when the line goes away, `sync.badAnswer` when there is more than the limit.
 */
export async function* pieces(
  response: Response,
  { bytes, onPiece, signal }: AnswerLimits,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let size = 0;
  try {
    for await (const piece of response.body ?? []) {
      onPiece(piece.length);
      size += piece.length;
      if (size > bytes) throw badAnswer(`an answer of more than ${bytes} bytes`);
      yield piece;
    }
  } catch (thrown) {
    if (thrown instanceof SyncError || signal?.aborted === true) throw thrown;
    // The only other way in which reading fails.
    throw cutOff();
  }
}

/** The whole answer. */
export async function wholeBody(response: Response, limits: AnswerLimits): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces(response, limits)) {
    parts.push(piece);
    size += piece.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The lines of an answer that are not empty, each at most 16 MB. */
export async function* textLines(response: Response, limits: AnswerLimits): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  // Pieces of an unfinished line, joined once: adding to one text again and again is slow for a long line.
  let open: string[] = [];
  let openLength = 0;
  for await (const piece of pieces(response, limits)) {
    const lines = decoder.decode(piece, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      const whole = open.length === 0 ? line : open.join('') + line;
      open = [];
      openLength = 0;
      if (whole.trim() !== '') yield whole;
    }
    open.push(rest);
    openLength += rest.length;
    if (openLength > MAX_LINE) throw badAnswer('a line of more than 16 MB');
  }
  const last = open.join('') + decoder.decode();
  if (last.trim() !== '') yield last;
}
