import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CastEvent } from '#shared/domain/recording/asciicast.ts';
import { Player } from './player.ts';
import { countAt, layOut } from './timeline.ts';

const event = fc.record({
  intervalMs: fc.nat(5000),
  code: fc.constantFrom('o', 'r', 'm'),
  data: fc.constantFrom('a', 'bc', '80x24', '100x30'),
}) as fc.Arbitrary<CastEvent>;

/** A screen that keeps what was drawn since the last reset. */
function paper() {
  const page = { text: '', size: '' };
  return {
    page,
    screen: {
      write: async (data: string) => void (page.text += data),
      resize: (cols: number, rows: number) => void (page.size = `${cols}x${rows}`),
      reset: () => void (page.text = ''),
    },
  };
}

it('shows at every position what was on the screen then, however one came there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 40 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
      async (events, jumps) => {
        const timeline = layOut(events);
        const { page, screen } = paper();
        const player = new Player(screen, { cols: 80, rows: 24 }, timeline, () => undefined);
        for (const jump of jumps) {
          player.seek(jump * timeline.durationMs);
          await player.settled();
          const drawn = events.slice(0, countAt(timeline, player.state.positionMs));
          expect(page.text).toBe(
            drawn
              .filter(({ code }) => code === 'o')
              .map(({ data }) => data)
              .join(''),
          );
          expect(page.size).toBe(
            drawn.findLast(({ code, data }) => code === 'r' && data.includes('x'))?.data ?? '80x24',
          );
        }
      },
    ),
  );
});

it('shortens pauses without losing an event', () => {
  const events: CastEvent[] = [
    { intervalMs: 100, code: 'o', data: 'a' },
    { intervalMs: 60_000, code: 'o', data: 'b' },
    { intervalMs: 5, code: 'o', data: 'c' },
  ];
  expect(layOut(events, 2000)).toEqual({ events, atMs: [100, 2100, 2105], durationMs: 2105 });
});

it('ends at the end, and plays again from the start', async () => {
  const { page, screen } = paper();
  const player = new Player(
    screen,
    { cols: 80, rows: 24 },
    layOut([{ intervalMs: 10, code: 'o', data: 'x' }]),
    () => undefined,
  );
  player.play();
  await player.settled();
  player.advance(50);
  await player.settled();
  expect(player.state).toEqual({ positionMs: 10, isPlaying: false });
  expect(page.text).toBe('x');
  player.play();
  await player.settled();
  expect(page.text).toBe('');
});
