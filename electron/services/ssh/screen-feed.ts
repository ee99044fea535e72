import { ReplayBuffer } from './replay-buffer.ts';

/** What a screen gets of a session, in order. */
export type ScreenItem =
  /** Output of before this screen came. Terminal replies it provokes must not be sent to the device. */
  | { readonly kind: 'replay'; readonly data: Uint8Array }
  | { readonly kind: 'output'; readonly data: Uint8Array }
  /** Something the user must know while the session goes on. */
  | { readonly kind: 'notice'; readonly code: string; readonly message: string }
  | { readonly kind: 'ended'; readonly reason: SessionEnd };

/** How a session ended; `code` and `message` are those of the error, when it was one. */
export interface SessionEnd {
  readonly why: 'exit' | 'closed' | 'error' | 'movedToAnotherScreen';
  readonly exitCode?: number;
  readonly signal?: string;
  readonly code?: string;
  readonly message?: string;
}

/** Unread output a screen may leave waiting before the remote side is stopped: Ctrl+C has to wait for all of it. */
const HIGH_WATER_BYTES = 128 * 1024;
/** What a screen that comes later is shown: about three full windows of text. */
const REPLAY_BYTES = 256 * 1024;

/**
 * Carries a session's output to at most one screen at a time. With a screen, whoever pushes waits until
 * it has room. Without one (closed, reloading, moved elsewhere) output is kept as a bounded replay and
 * the session goes on.
 */
export class ScreenFeed {
  readonly #replay = new ReplayBuffer(REPLAY_BYTES);
  #queue: ScreenItem[] = [];
  #queuedBytes = 0;
  #screen: symbol | undefined;
  #released = false;
  #end: SessionEnd | undefined;
  #wakeScreen: () => void = () => undefined;
  #wakeSession: () => void = () => undefined;

  /** Hands over output. Resolves when the screen, if there is one, has room for more. */
  async push(frame: Uint8Array): Promise<void> {
    const data = ownBytes(frame);
    this.#replay.remember(data);
    if (this.#screen === undefined) return;
    this.#enqueue({ kind: 'output', data }, data.byteLength);
    while (!this.#released && this.#screen !== undefined && this.#queuedBytes >= HIGH_WATER_BYTES) {
      await new Promise<void>((resolve) => (this.#wakeSession = resolve));
    }
  }

  /** From now on nobody waits for the screen: the session is being closed, and little can still come. */
  release(): void {
    this.#released = true;
    this.#wakeSession();
  }

  notice(code: string, message: string): void {
    this.#enqueue({ kind: 'notice', code, message }, 0);
  }

  /** The last item of every screen, now and later. */
  end(reason: SessionEnd): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#enqueue({ kind: 'ended', reason }, 0);
  }

  /**
   * Attaches a screen: first a replay of what was last seen, then output as it comes, then the end. A
   * screen that is attached already is told that the session moved, and gets no more. The screen leaves by
   * ending its iteration or by `signal`.
   */
  attach(signal?: AbortSignal): AsyncGenerator<ScreenItem, void> {
    const me = Symbol('screen');
    this.#screen = me;
    this.#queue = [];
    this.#queuedBytes = 0;
    const replay = this.#replay.read();
    if (replay.byteLength > 0) this.#queue.push({ kind: 'replay', data: replay });
    if (this.#end !== undefined) this.#queue.push({ kind: 'ended', reason: this.#end });
    this.#wakeScreen();
    this.#wakeSession();
    return this.#items(me, signal);
  }

  async *#items(me: symbol, signal: AbortSignal | undefined): AsyncGenerator<ScreenItem, void> {
    const onAbort = () => this.#wakeScreen();
    signal?.addEventListener('abort', onAbort);
    try {
      for (;;) {
        if (signal?.aborted === true) return;
        if (this.#screen !== me) {
          yield { kind: 'ended', reason: { why: 'movedToAnotherScreen' } };
          return;
        }
        const item = this.#queue.shift();
        if (item === undefined) {
          await new Promise<void>((resolve) => (this.#wakeScreen = resolve));
          continue;
        }
        if (item.kind === 'output') this.#queuedBytes -= item.data.byteLength;
        if (this.#queuedBytes < HIGH_WATER_BYTES) this.#wakeSession();
        yield item;
        if (item.kind === 'ended') return;
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      if (this.#screen === me) {
        this.#screen = undefined;
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#wakeSession();
      }
    }
  }

  #enqueue(item: ScreenItem, bytes: number): void {
    if (this.#screen === undefined) return;
    this.#queue.push(item);
    this.#queuedBytes += bytes;
    this.#wakeScreen();
  }
}

/**
 * The bytes alone. A frame may be a view of a larger buffer, which the replay would keep alive and which a
 * message port would copy as a whole.
 */
export function ownBytes(view: Uint8Array): Uint8Array {
  return view.byteLength === view.buffer.byteLength ? new Uint8Array(view.buffer) : new Uint8Array(view);
}
