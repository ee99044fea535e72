import type { Life } from './life.ts';

interface Line {
  readonly life: Life;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

/** The lines over which the server says that there may be something new: server-sent events that stay open. */
export class PokeLines {
  readonly #lines = new Set<Line>();

  /** @param signal ends the line from the laptop's side. */
  open(life: Life, signal: AbortSignal | null | undefined): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const line = { life, controller };
        this.#lines.add(line);
        const cut = (): void => this.#cut(line);
        signal?.addEventListener('abort', cut, { once: true });
        life.ended.addEventListener('abort', cut, { once: true });
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  /** Says a word on the lines of one run of a laptop, or cuts them off. */
  say(life: Life, word: 'poke' | 'comment' | 'cut'): void {
    for (const line of this.#lines) {
      if (line.life !== life) continue;
      if (word === 'cut') this.#cut(line);
      else line.controller.enqueue(Buffer.from(word === 'poke' ? 'data: 1\n\n' : ': still here\n\n'));
    }
  }

  #cut(line: Line): void {
    if (this.#lines.delete(line)) line.controller.error(new TypeError('terminated'));
  }
}
