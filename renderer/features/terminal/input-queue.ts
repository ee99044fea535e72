/** What one call takes; a longer paste goes in pieces, each waiting for the device. */
const PIECE_BYTES = 16 * 1024;
const CTRL_C = 0x03;

/**
 * Sends what is typed in the order it was typed, one call at a time. What is typed while a call is under
 * way goes with the next. Ctrl+C drops what is still unsent of a paste and does not wait behind it.
 */
export class InputQueue {
  readonly #send: (data: Uint8Array) => Promise<unknown>;
  readonly #onError: (thrown: unknown) => void;
  #waiting: Uint8Array[] = [];
  #isSending = false;

  constructor(send: (data: Uint8Array) => Promise<unknown>, onError: (thrown: unknown) => void) {
    this.#send = send;
    this.#onError = onError;
  }

  push(text: string): void {
    const data = new TextEncoder().encode(text);
    if (data.length === 1 && data[0] === CTRL_C) {
      this.#waiting = [];
      this.#send(data).catch(this.#onError);
      return;
    }
    for (let from = 0; from < data.length; from += PIECE_BYTES)
      this.#waiting.push(data.subarray(from, from + PIECE_BYTES));
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      while (this.#waiting.length > 0) await this.#send(this.#take());
    } catch (thrown) {
      this.#waiting = [];
      this.#onError(thrown);
    } finally {
      this.#isSending = false;
    }
  }

  /** As many waiting pieces as fit into one call. */
  #take(): Uint8Array {
    const taken: Uint8Array[] = [];
    let size = 0;
    for (
      let next = this.#waiting[0];
      next !== undefined && (size === 0 || size + next.length <= PIECE_BYTES);
      next = this.#waiting[0]
    ) {
      taken.push(next);
      size += next.length;
      this.#waiting.shift();
    }
    const data = new Uint8Array(size);
    let at = 0;
    for (const piece of taken) {
      data.set(piece, at);
      at += piece.length;
    }
    return data;
  }
}
