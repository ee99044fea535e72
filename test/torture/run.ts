/**
 * `npm run torture -- --rounds N [--json] [--database pglite|postgres|both] [--seed S]`: real processes, killed, cut off, filled
 * up and set back at random, and asked afterwards whether anything is missing. Exit code 1 when something is.
 */
import { tmpdir } from 'node:os';
import path from 'node:path';
import { understand } from '../../scripts/command-line.ts';
import { buildPage } from './build-page.ts';
import type { DatabaseKind } from './central.ts';
import { play } from './play.ts';

const USAGE = `npm run torture -- [--rounds N] [--json] [--database pglite|postgres|both] [--seed S]

  --rounds    how many rounds of faults, 20 of them in each world; default 20
  --database  what the servers run on; default both, in turn
  --seed      of the first world, the next one has the next; default 1
  --json      the result as JSON; what happens is told on standard error

Hosts, browsers and servers are killed, networks cut, disks filled, clocks set. docs/spec/torture.md says what must hold.`;

const values = understand(USAGE, {
  rounds: { type: 'string', default: '20' },
  seed: { type: 'string', default: '1' },
  database: { type: 'string', default: 'both' },
  json: { type: 'boolean', default: false },
});
const DATABASES: Readonly<Record<string, readonly DatabaseKind[]>> = {
  pglite: ['pglite'],
  postgres: ['postgres'],
  both: ['pglite', 'postgres'],
};
const databases = DATABASES[values.database];
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (databases === undefined || !(rounds > 0) || !Number.isInteger(seed)) {
  console.error(USAGE);
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
// A connection that the last fault has left half dead would keep this process busy for ever.
process.exit();
