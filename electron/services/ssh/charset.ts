import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';

/** The charsets a session can be set to; telecom controllers in China often speak GB18030. */
export type Charset = 'utf-8' | 'gb18030';

/** Turns what the device sends into text, keeping a character that was cut between two frames. */
export class OutputDecoder {
  readonly charset: Charset;
  readonly #decoder: TextDecoder;

  constructor(charset: Charset) {
    this.charset = charset;
    // A byte order mark is output like any other: dropping it would lose bytes of the record.
    this.#decoder = new TextDecoder(charset, { ignoreBOM: true });
  }

  decode(frame: Uint8Array): string {
    return this.#decoder.decode(frame, { stream: true });
  }

  /** What is left of a character that never became whole (as U+FFFD), when the stream ends. */
  end(): string {
    return this.#decoder.decode();
  }
}

/** The keyboard's text (UTF-8 bytes from the screen) as the device expects it. */
export function encodeInput(input: Uint8Array, charset: Charset): Uint8Array {
  if (charset === 'utf-8') return input;
  return iconv.encode(Buffer.from(input).toString('utf8'), charset);
}
