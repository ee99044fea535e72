import { countAt, sizeOf, type Timeline } from './timeline.ts';

/** What a player draws on: a terminal that sends nothing anywhere. */
export interface PlayerScreen {
  write(data: string): Promise<void>;
  resize(cols: number, rows: number): void;
  reset(): void;
}

export interface PlayerState {
  readonly positionMs: number;
  readonly isPlaying: boolean;
}

/** One write at most while seeking, so that the page can be used while a long recording is drawn. */
const PIECE_CHARS = 256 * 1024;

/**
 * Plays a recording onto a screen. The playing time goes with `advance`; the screen follows as fast as it
 * can draw and always ends in the state that belongs to the position.
 */
export class Player {
  readonly #screen: PlayerScreen;
  readonly #first: { cols: number; rows: number };
  readonly #onChange: (state: PlayerState) => void;
  #timeline: Timeline;
  #drawn = 0;
  #state: PlayerState = { positionMs: 0, isPlaying: false };
  #drawing: Promise<void> | undefined;
  #isStopped = false;

  constructor(
    screen: PlayerScreen,
    first: { cols: number; rows: number },
    timeline: Timeline,
    onChange: (state: PlayerState) => void,
  ) {
    this.#screen = screen;
    this.#first = first;
    this.#timeline = timeline;
    this.#onChange = onChange;
    screen.resize(first.cols, first.rows);
  }

  get state(): PlayerState {
    return this.#state;
  }

  /** Plays on, from the start when it had come to the end. */
  play(): void {
    const isAtEnd = this.#state.positionMs >= this.#timeline.durationMs;
    this.#set({ isPlaying: true, positionMs: isAtEnd ? 0 : this.#state.positionMs });
  }

  pause(): void {
    this.#set({ isPlaying: false });
  }

  /** Lets playing time pass. Does nothing while paused, or while the screen is behind. */
  advance(ms: number): void {
    if (!this.#state.isPlaying || this.#drawing !== undefined) return;
    const positionMs = Math.min(this.#state.positionMs + ms, this.#timeline.durationMs);
    this.#set({ positionMs, isPlaying: positionMs < this.#timeline.durationMs });
  }

  seek(positionMs: number): void {
    this.#set({ positionMs: Math.max(0, Math.min(positionMs, this.#timeline.durationMs)) });
  }

  /** The same recording with other pauses: stays at the event that was shown last. */
  setTimeline(timeline: Timeline): void {
    const at = this.#drawn === 0 ? 0 : (timeline.atMs[this.#drawn - 1] ?? 0);
    this.#timeline = timeline;
    this.#set({ positionMs: at });
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when the screen shows the position. */
  async settled(): Promise<void> {
    while (this.#drawing !== undefined) await this.#drawing;
  }

  #set(patch: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...patch };
    this.#onChange(this.#state);
    this.#drawing ??= this.#draw().finally(() => {
      this.#drawing = undefined;
    });
  }

  /** Draws until the screen has what belongs to the position, which may move meanwhile. */
  async #draw(): Promise<void> {
    for (;;) {
      const wanted = countAt(this.#timeline, this.#state.positionMs);
      if (this.#isStopped || wanted === this.#drawn) return;
      if (wanted < this.#drawn) {
        this.#screen.reset();
        this.#screen.resize(this.#first.cols, this.#first.rows);
        this.#drawn = 0;
      }
      await this.#drawPiece(wanted);
    }
  }

  async #drawPiece(wanted: number): Promise<void> {
    let text = '';
    while (this.#drawn < wanted && text.length < PIECE_CHARS) {
      const event = this.#timeline.events[this.#drawn];
      const size = event?.code === 'r' ? sizeOf(event) : undefined;
      if (size !== undefined) {
        // What came before has to be on the screen at its own size.
        if (text !== '') break;
        this.#screen.resize(size.cols, size.rows);
      }
      if (event?.code === 'o') text += event.data;
      this.#drawn += 1;
    }
    if (text !== '') await this.#screen.write(text);
  }
}
