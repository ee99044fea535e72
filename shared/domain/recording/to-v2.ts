import type { Cast } from './cast-reader.ts';

/**
 * The same recording as asciicast v2, for players that do not know v3 yet (Debian's asciinema 2.2).
 * v2 counts seconds from the start and has no exit event, so that one is left out.
 * Source: https://docs.asciinema.org/manual/asciicast/v2
 */
export function* toAsciicastV2(cast: Cast): Generator<string> {
  const { cols, rows } = cast.header.term;
  yield `${JSON.stringify({
    version: 2,
    width: cols,
    height: rows,
    timestamp: cast.header.timestamp,
    ...(cast.header.title !== undefined && { title: cast.header.title }),
  })}\n`;
  let atMs = 0;
  for (const event of cast.events) {
    atMs += event.intervalMs;
    if (event.code === 'x') continue;
    yield `[${(atMs / 1000).toFixed(3)}, "${event.code}", ${JSON.stringify(event.data)}]\n`;
  }
}
