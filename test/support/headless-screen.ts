import xterm from '@xterm/headless';
import type { z } from 'zod';
import type { screenItem } from '#shared/host/ssh-types.ts';

const CHUNK = 64 * 1024;
/** What a screen may have unparsed before it takes more: xterm.js's own advice for flow control. */
const UNPARSED = 128 * 1024;

/** A terminal that takes output as fast as it parses it. */
export class HeadlessScreen {
  /** Bytes that the terminal has dealt with. */
  parsed = 0;
  readonly #terminal = newTerminal();
  #unparsed = 0;
  #tail = '';
  #changed: () => void = () => undefined;
  #roomMade: () => void = () => undefined;

  constructor(items?: AsyncIterable<z.output<typeof screenItem>>) {
    if (items !== undefined) void this.#read(items);
  }

  /** Resolves once the text is parsed and among the last 64 KiB. */
  async until(text: string): Promise<void> {
    while (!this.#tail.includes(text)) await this.#change();
  }

  async untilParsed(bytes: number): Promise<void> {
    while (this.parsed < bytes) await this.#change();
  }

  /** Milliseconds from an act until a text that was not there is parsed. */
  async timeUntil(text: string, act: () => unknown): Promise<number> {
    this.#tail = '';
    const started = performance.now();
    void act();
    await this.until(text);
    return performance.now() - started;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }

  async #read(items: AsyncIterable<z.output<typeof screenItem>>): Promise<void> {
    for await (const item of items) {
      if (item.kind !== 'output' && item.kind !== 'replay') continue;
      await this.write(item.data);
    }
  }

  /** Resolves when the terminal may take more. */
  async write(data: Uint8Array): Promise<void> {
    this.#unparsed += data.byteLength;
    this.#terminal.write(data, () => {
      this.#unparsed -= data.byteLength;
      this.parsed += data.byteLength;
      // Enough to find a prompt that two frames share.
      this.#tail = (this.#tail.slice(-16) + Buffer.from(data).toString('latin1')).slice(-CHUNK - 16);
      this.#changed();
      this.#roomMade();
    });
    while (this.#unparsed >= UNPARSED) await new Promise<void>((resolve) => (this.#roomMade = resolve));
  }
}

function newTerminal(): InstanceType<typeof xterm.Terminal> {
  return new xterm.Terminal({ cols: 120, rows: 40, scrollback: 10_000, allowProposedApi: true });
}
