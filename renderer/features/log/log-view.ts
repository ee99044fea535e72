import type { LineSource, LogLine, PagePosition } from './line-source.ts';
import { placeOf, type ViewSnapshot } from './view-snapshot.ts';

/** Lines fetched at once, kept ahead of the screen, and kept at most. */
const CHUNK = 200;
const AHEAD = 100;
const MOST_KEPT = 4000;
/** Lines one may scroll ahead of loading: a spun wheel, not a way to go far. */
const MOST_OWED = 8000;

/**
 * The part of a log that is on the screen. Lines are held as one run without gaps around it; the run grows
 * at its ends while one scrolls and is replaced when one jumps. Nothing here depends on how long the log is.
 */
export class LogView {
  readonly #source: LineSource;
  readonly #onChange: () => void;
  #lines: LogLine[] = [];
  #top = 0;
  #rows = 1;
  #atStart = false;
  #atEnd = false;
  /** Raised by each jump: what an older one or its filling still brings is out of date. */
  #turn = 0;
  #isFilling = false;
  #isFillDue = false;
  #isReady = false;
  #isJumping = false;
  #wanted: (() => Promise<void>) | undefined;
  /** The last line may have grown since it was read. */
  #isLastStale = false;
  /** Lines scrolled beyond what was loaded. */
  #owed = 0;
  #cursor: number | undefined;
  #failure: unknown;
  #snapshot: ViewSnapshot;

  constructor(source: LineSource, onChange: () => void) {
    this.#source = source;
    this.#onChange = onChange;
    this.#snapshot = this.#take();
  }

  get snapshot(): ViewSnapshot {
    return this.#snapshot;
  }

  /** The lines held around the screen. */
  get loaded(): readonly LogLine[] {
    return this.#lines;
  }

  setRows(rows: number): void {
    if (rows === this.#rows) return;
    const wasAtEnd = this.#snapshot.isAtEnd;
    this.#rows = Math.max(1, rows);
    if (wasAtEnd) this.#top = this.#lastTop();
    this.#settle();
  }

  scrollBy(lines: number): void {
    // Whoever turns back wants to go back from what is seen.
    this.#owed = (Math.sign(this.#owed) === Math.sign(lines) ? this.#owed : 0) + lines;
    this.#payOwed();
    this.#settle();
  }

  toStart(): void {
    this.#jump(() => this.#loadAt({ byteOffset: this.#source.state.start }, 'top'));
  }

  toEnd(): void {
    this.#jump(async () => {
      const turn = this.#turn;
      const page = await this.#source.lines('end', 'backward', Math.max(CHUNK, this.#rows * 2));
      if (turn !== this.#turn) return;
      this.#lines = page.lines;
      this.#atStart = page.atStart;
      this.#atEnd = true;
      this.#top = this.#lastTop();
      this.#cursor = this.#lines.at(-1)?.byteOffset;
    });
  }

  /** Shows the line that holds a byte or has a number, as the first of the screen or in its middle. */
  toPosition(position: Exclude<PagePosition, 'end'>, where: 'top' | 'middle'): void {
    this.#jump(() => this.#loadAt(position, where));
  }

  /** Shows the place whose first thing this is, in the unit of the snapshot's `place`. */
  toFirst(first: number): void {
    const { place, isByLine, source } = this.#snapshot;
    if (first >= place.total - place.shown) this.toEnd();
    else this.toPosition(isByLine ? { line: first + 1 } : { byteOffset: source.start + first }, 'top');
  }

  setCursor(byteOffset: number): void {
    this.#cursor = byteOffset;
    this.#settle();
  }

  /** Moves the line the keys act on, and the screen with it. */
  moveCursor(by: number): void {
    const found = this.#lines.findIndex(({ byteOffset }) => byteOffset === this.#cursor);
    const from = found === -1 ? this.#top : found;
    const to = Math.max(0, Math.min(from + by, this.#lines.length - 1));
    this.#cursor = this.#lines[to]?.byteOffset;
    if (to < this.#top) this.scrollBy(to - this.#top);
    else if (to >= this.#top + this.#rows) this.scrollBy(to - this.#top - this.#rows + 1);
    else this.#settle();
  }

  /** The log has grown, or more of it was counted. */
  sourceChanged(isFollowing: boolean): void {
    const { size, start } = this.#source.state;
    const last = this.#lines.at(-1);
    const end = last === undefined ? start : last.byteOffset + last.byteLength;
    if (this.#lines[0] !== undefined && this.#lines[0].byteOffset < start) this.#dropBefore(start);
    if (size > end && this.#atEnd) {
      this.#atEnd = false;
      // It may have had no end yet.
      this.#isLastStale = true;
      if (isFollowing || this.#lines.length === 0) {
        this.toEnd();
        return;
      }
    }
    void this.#numberLines();
    this.#settle();
  }

  /** The text was replaced: shows the place where one was, as far as there is one. */
  sourceReplaced(isFollowing: boolean): void {
    const at = this.#lines[this.#top]?.byteOffset ?? 0;
    this.#cursor = undefined;
    if (isFollowing) this.toEnd();
    else
      this.toPosition(
        { byteOffset: Math.max(this.#source.state.start, Math.min(at, this.#source.state.size - 1)) },
        'top',
      );
  }

  /** Tries again what failed. */
  retry(): void {
    this.#failure = undefined;
    if (this.#lines.length === 0) this.toStart();
    else this.#settle();
  }

  /** One jump at a time; of those asked for meanwhile only the last is made. */
  #jump(go: () => Promise<void>): void {
    this.#wanted = go;
    if (!this.#isJumping) void this.#makeJumps();
  }

  async #makeJumps(): Promise<void> {
    this.#isJumping = true;
    while (this.#wanted !== undefined) {
      const go = this.#wanted;
      this.#wanted = undefined;
      this.#turn += 1;
      this.#owed = 0;
      this.#isLastStale = false;
      try {
        await go();
        this.#isReady = true;
        this.#failure = undefined;
      } catch (thrown) {
        this.#failure = thrown;
      }
      this.#settle();
    }
    this.#isJumping = false;
    this.#settle();
  }

  async #loadAt(position: Exclude<PagePosition, 'end'>, where: 'top' | 'middle'): Promise<void> {
    const turn = this.#turn;
    const after = await this.#source.lines(position, 'forward', Math.max(CHUNK, this.#rows * 2));
    const first = after.lines[0];
    const before =
      first === undefined || after.atStart
        ? undefined
        : await this.#source.lines({ byteOffset: first.byteOffset }, 'backward', CHUNK);
    if (turn !== this.#turn) return;
    if (first === undefined && this.#source.state.size > this.#source.state.start) {
      // The position lies behind the end: show the end.
      this.#wanted ??= async () => {
        const page = await this.#source.lines('end', 'backward', CHUNK);
        this.#become(page.lines, page.atStart, true, this.#lines.length);
      };
      return;
    }
    const earlier = before?.lines ?? [];
    const top = earlier.length - (where === 'middle' ? Math.floor(this.#rows / 2) : 0);
    this.#become([...earlier, ...after.lines], before?.atStart ?? true, after.atEnd, top);
    this.#cursor = first?.byteOffset;
  }

  #become(lines: LogLine[], atStart: boolean, atEnd: boolean, top: number): void {
    this.#lines = lines;
    this.#atStart = atStart;
    this.#atEnd = atEnd;
    this.#top = Math.max(0, Math.min(top, this.#lastTop()));
  }

  /** Gets lines ahead of the screen on both sides, and lets go of those far away. */
  async #fill(): Promise<void> {
    this.#isFillDue = true;
    if (this.#isFilling || this.#isJumping || !this.#isReady) return;
    this.#isFilling = true;
    this.#isFillDue = false;
    const turn = this.#turn;
    try {
      while (turn === this.#turn && (await this.#fillOnce(turn)));
    } catch (thrown) {
      if (turn === this.#turn) this.#failure = thrown;
    } finally {
      this.#isFilling = false;
    }
    this.#publish();
    // Asked for while this one was at work, perhaps after its last look.
    if (this.#isFillDue && this.#failure === undefined) void this.#fill();
  }

  async #fillOnce(turn: number): Promise<boolean> {
    const first = this.#lines[0];
    const last = this.#lines.at(-1);
    if (first === undefined || last === undefined || this.#failure !== undefined) return false;
    if (!this.#atEnd && this.#lines.length - this.#top - this.#rows < AHEAD) {
      const isAnew = this.#isLastStale;
      this.#isLastStale = false;
      const page = await this.#source.lines(
        { byteOffset: isAnew ? last.byteOffset : last.byteOffset + last.byteLength },
        'forward',
        CHUNK,
      );
      if (turn !== this.#turn) return false;
      this.#lines = [...(isAnew ? this.#lines.slice(0, -1) : this.#lines), ...page.lines];
      this.#atEnd = page.atEnd || page.lines.length === 0;
    } else if (!this.#atStart && this.#top < AHEAD) {
      const page = await this.#source.lines({ byteOffset: first.byteOffset }, 'backward', CHUNK);
      if (turn !== this.#turn) return false;
      this.#lines = [...page.lines, ...this.#lines];
      this.#top += page.lines.length;
      this.#atStart = page.atStart || page.lines.length === 0;
    } else return false;
    this.#payOwed();
    this.#trim();
    this.#publish();
    return true;
  }

  #payOwed(): void {
    if (this.#owed === 0) return;
    const wanted = this.#top + this.#owed;
    this.#top = Math.max(0, Math.min(wanted, this.#lastTop()));
    const beyond = wanted - this.#top;
    const canGo = beyond > 0 ? !this.#atEnd : !this.#atStart;
    this.#owed = canGo ? Math.max(-MOST_OWED, Math.min(beyond, MOST_OWED)) : 0;
  }

  #trim(): void {
    if (this.#lines.length <= MOST_KEPT) return;
    const from = Math.max(0, this.#top - MOST_KEPT / 4);
    const to = Math.min(this.#lines.length, this.#top + this.#rows + MOST_KEPT / 4);
    if (to < this.#lines.length) this.#atEnd = false;
    if (from > 0) this.#atStart = false;
    this.#lines = this.#lines.slice(from, to);
    this.#top -= from;
  }

  #dropBefore(start: number): void {
    const count = this.#lines.findIndex(({ byteOffset }) => byteOffset >= start);
    const dropped = count === -1 ? this.#lines.length : count;
    this.#lines = this.#lines.slice(dropped);
    this.#top = Math.max(0, this.#top - dropped);
    this.#atStart = true;
  }

  /** Numbers the lines that came before the index had reached them. */
  async #numberLines(): Promise<void> {
    const first = this.#lines[0];
    if (first === undefined || first.line !== null || this.#source.state.coveredBytes <= first.byteOffset)
      return;
    const turn = this.#turn;
    const { lines } = await this.#source
      .lines({ byteOffset: first.byteOffset }, 'forward', 1)
      .catch(() => ({ lines: [] }));
    const number = lines[0]?.line ?? null;
    // Lines that were put in front meanwhile are of another count.
    if (number === null || turn !== this.#turn || this.#lines[0] !== first) return;
    this.#lines = this.#lines.map((line, i) => ({ ...line, line: number + i }));
    this.#publish();
  }

  #settle(): void {
    this.#top = Math.max(0, Math.min(this.#top, this.#lastTop()));
    this.#publish();
    void this.#fill();
  }

  #lastTop(): number {
    return Math.max(0, this.#lines.length - this.#rows);
  }

  #publish(): void {
    this.#snapshot = this.#take();
    this.#onChange();
  }

  #take(): ViewSnapshot {
    const source = this.#source.state;
    const visible = this.#lines.slice(this.#top, this.#top + this.#rows + 1);
    const isAtEnd = this.#atEnd && this.#top >= this.#lastTop();
    return {
      visible,
      source,
      ...placeOf(visible.slice(0, this.#rows), this.#rows, source),
      isAtEnd,
      isReady: this.#isReady,
      cursor: this.#cursor,
      failure: this.#failure,
    };
  }
}
