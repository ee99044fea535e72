/**
 * `npm run torture -- --rounds N [--json] [--database pglite|postgres|both] [--seed S]`: real processes, killed, cut off, filled
 * up and set back at random, and asked afterwards whether anything is missing. Exit code 1 when something is.
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildPage } from './build-page.ts';
import type { DatabaseKind } from './central.ts';
import { play } from './play.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    database: { type: 'string', default: 'both' },
    json: { type: 'boolean', default: false },
  },
});
const DATABASES: Readonly<Record<string, readonly DatabaseKind[]>> = {
  pglite: ['pglite'],
  postgres: ['postgres'],
  both: ['pglite', 'postgres'],
};
const databases = DATABASES[values.database];
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (databases === undefined || !(rounds > 0) || !Number.isInteger(seed)) {
  console.error('npm run torture -- --rounds N [--json] [--database pglite|postgres|both] [--seed S]');
  process.exit(2);
}
// Processes are started hundreds of times from the same sources.
process.env['NODE_COMPILE_CACHE'] ??= path.join(tmpdir(), 'faultline-torture-compile-cache');
const page = await buildPage();
// Whoever stops it gets the result so far, and nothing stays behind.
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
try {
  const onTold = (line: string): void => console.error(line);
  const { failures, ...result } = await play({
    rounds,
    databases,
    seed,
    rendererDir: page.folder,
    signal: stop.signal,
    onTold,
  });
  for (const failure of failures) console.error(failure);
  console.log(values.json ? JSON.stringify(result, undefined, 2) : result);
  const isBad =
    result.lost + result.duplicated + result.diverged + result.stuck + result.other + result.died > 0;
  process.exitCode = isBad ? 1 : 0;
} finally {
  page.remove();
}
