import { describe, expect, it, vi } from 'vitest';
import type { LineSource, LogPage, PagePosition } from './line-source.ts';
import { LogView } from './log-view.ts';

const BYTES = 10;

/** A log of lines of ten bytes each, answered as the host does. */
function logOf(count: number, { isIndexed = true } = {}) {
  const log = { count };
  const page = async (
    from: PagePosition,
    direction: 'forward' | 'backward',
    most: number,
  ): Promise<LogPage> => {
    const at =
      from === 'end' ? log.count : 'line' in from ? from.line - 1 : Math.floor(from.byteOffset / BYTES);
    const [first, last] =
      direction === 'forward' ? [at, Math.min(log.count, at + most)] : [Math.max(0, at - most), at];
    const lines = Array.from({ length: Math.max(0, last - first) }, (_, i) => ({
      line: isIndexed ? first + i + 1 : null,
      byteOffset: (first + i) * BYTES,
      byteLength: BYTES,
      text: `line ${first + i + 1}`,
      truncated: false,
      startKnown: true,
      endKnown: true,
    }));
    return { lines, atStart: first === 0, atEnd: last >= log.count, size: log.count * BYTES, generation: 1 };
  };
  const source = {
    get state() {
      return {
        start: 0,
        size: log.count * BYTES,
        generation: 1,
        coveredBytes: isIndexed ? log.count * BYTES : 0,
        lines: log.count,
      };
    },
    lines: page,
  } as unknown as LineSource;
  const view = new LogView(source, () => undefined);
  view.setRows(20);
  const first = () => view.snapshot.visible[0]?.text;
  const shows = (text: string) => vi.waitFor(() => expect(first()).toBe(text));
  return { log, view, shows };
}

describe('the view of a log', () => {
  it('goes to the end and the start of a hundred million lines at once', async () => {
    const { view, shows } = logOf(100_000_000);
    view.toEnd();
    await shows('line 99999981');
    expect(view.snapshot.isAtEnd).toBe(true);
    view.toStart();
    await shows('line 1');
    expect(view.loaded.length).toBeLessThan(5000);
  });

  it('scrolls through line after line without gap or repetition, both ways', async () => {
    const { view, shows } = logOf(30_000);
    view.toStart();
    await shows('line 1');
    for (let at = 1; at < 25_000; at += 90) {
      view.scrollBy(90);
      await shows(`line ${at + 90}`);
    }
    const numbers = view.loaded.map(({ line }) => line ?? 0);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
    expect(numbers.length).toBeLessThanOrEqual(5000);
    for (let at = 25_021; at > 20_000; at -= 90) view.scrollBy(-90);
    await vi.waitFor(() => expect(view.snapshot.visible[0]?.line).toBeLessThan(21_000));
  });

  it('shows a line in the middle, and the last page when there is nothing behind', async () => {
    const { view, shows } = logOf(1000);
    view.toPosition({ line: 500 }, 'middle');
    await shows('line 490');
    view.toPosition({ line: 1000 }, 'top');
    await shows('line 981');
  });

  it('counts its place in bytes before the index is there, in lines after it', async () => {
    const { view, shows } = logOf(1000, { isIndexed: false });
    view.toPosition({ byteOffset: 5000 }, 'top');
    await shows('line 501');
    expect(view.snapshot).toMatchObject({
      isByLine: false,
      place: { first: 5000, shown: 200, total: 10_000 },
    });
    const indexed = logOf(1000);
    indexed.view.toPosition({ byteOffset: 5000 }, 'top');
    await indexed.shows('line 501');
    expect(indexed.view.snapshot).toMatchObject({
      isByLine: true,
      place: { first: 500, shown: 20, total: 1000 },
    });
  });

  it('stays where one reads when the log grows, and follows only when it should', async () => {
    const { log, view, shows } = logOf(1000);
    view.toEnd();
    await shows('line 981');
    log.count = 1100;
    view.sourceChanged(false);
    await vi.waitFor(() => expect(view.loaded.at(-1)?.line).toBe(1100));
    expect(view.snapshot.visible[0]?.text).toBe('line 981');
    log.count = 1200;
    view.sourceChanged(true);
    await shows('line 1181');
  });

  it('moves the line the keys act on and takes the screen with it', async () => {
    const { view, shows } = logOf(1000);
    view.toStart();
    await shows('line 1');
    view.moveCursor(19);
    expect(view.snapshot.cursor).toBe(190);
    expect(view.snapshot.visible[0]?.text).toBe('line 1');
    view.moveCursor(1);
    await shows('line 2');
    view.moveCursor(-20);
    await shows('line 1');
  });
});
