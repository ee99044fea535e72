import type { ScreenItem, SessionEnd } from '#electron/services/ssh/screen-feed.ts';

/** A screen that a test looks at: collects what a session shows and waits for what it expects. */
export class TestScreen {
  text = '';
  bytes = 0;
  readonly notices: string[] = [];
  /** Resolves with how the session ended. */
  readonly ended: Promise<SessionEnd>;
  #changed: () => void = () => undefined;
  #over = false;

  constructor(items: AsyncIterable<ScreenItem>) {
    this.ended = this.#read(items);
  }

  /** Resolves once the text stands on the screen (after `from`); rejects when the session ends without it. */
  async until(expected: string | RegExp, from = 0): Promise<string> {
    for (;;) {
      const seen = this.text.slice(from);
      if (typeof expected === 'string' ? seen.includes(expected) : expected.test(seen)) return seen;
      if (this.#over) throw new Error(`Ended without ${String(expected)}:\n${seen.slice(-2000)}`);
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }

  async #read(items: AsyncIterable<ScreenItem>): Promise<SessionEnd> {
    const decoder = new TextDecoder();
    try {
      for await (const item of items) {
        if (item.kind === 'ended') return item.reason;
        if (item.kind === 'notice') this.notices.push(item.code);
        else {
          this.bytes += item.data.byteLength;
          // A flood is counted, only its end is kept.
          this.text = (this.text + decoder.decode(item.data, { stream: true })).slice(-1_000_000);
        }
        this.#changed();
      }
      return { why: 'closed' };
    } finally {
      this.#over = true;
      this.#changed();
    }
  }
}
