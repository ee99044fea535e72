/**
 * `npm run sim -- --seeds 50 --first-seed 1 --clients 4 --steps 200 [--json]`: plays random schedules against the
 * real journal, sync, store and server. Prints a line for each failing seed with how to play it again, and a
 * summary; exit code 1 when one failed.
 *
 * - `--seed N` plays this one and lists all its faults; `--trace FILE` writes down what happened in the last run
 * - `--plant MISTAKE` puts a mistake in (see plants.ts) and stops at the first seed that shows it; exit code 0 when one does
 * - `--verify-determinism` plays every seed twice and compares
 * - `--shrink FILE` makes the first failing seed small and writes its script; `--script FILE` plays such a script
 */
import 'fake-indexeddb/auto';
import { readFileSync, writeFileSync } from 'node:fs';
import { understand } from '../../scripts/command-line.ts';
import { SharedDatabase } from './central-server.ts';
import { PLANTS, type Plant } from './plants.ts';
import { readRegression, type Regression } from './regression.ts';
import { drawScript, type Script } from './script.ts';
import { shrink } from './shrink.ts';
import { simulate, type SimulationResult } from './simulate.ts';
import { Tally } from './tally.ts';

const USAGE = `npm run sim -- [--seeds N] [--first-seed F] [--clients C] [--steps S] [--json]

  --seeds N --first-seed F  plays the seeds F to F + N - 1; default 50 from 1
  --clients C --steps S     laptops, and turns of a run; default 4 and 200
  --json                    nothing but {runs, events, lost, duplicated, diverged, leaked, stuck, conserved, ...};
                            npm run -s sim, or npm itself prints two lines before it
  --seed N                  plays this one and lists all its faults
  --plant MISTAKE           puts a mistake in and looks whether it is found: ${PLANTS.join(', ')}
  --verify-determinism      plays every seed twice and compares
  --shrink FILE             makes the first failing seed small and writes its script
  --script FILE             plays such a script
  --trace FILE              writes down what happened in the last run
  --verbose                 tells each seed on standard error

docs/spec/simulation.md says what happens and what must hold.`;

const values = understand(USAGE, {
  seeds: { type: 'string', default: '50' },
  'first-seed': { type: 'string', default: '1' },
  seed: { type: 'string' },
  clients: { type: 'string', default: '4' },
  steps: { type: 'string', default: '200' },
  plant: { type: 'string' },
  'verify-determinism': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  trace: { type: 'string' },
  shrink: { type: 'string' },
  script: { type: 'string' },
  verbose: { type: 'boolean', default: false },
});

const kept: Regression | undefined =
  values.script === undefined ? undefined : readRegression(readFileSync(values.script, 'utf8'));
const wanted = values.plant ?? kept?.plant ?? undefined;
if (wanted !== undefined && !PLANTS.includes(wanted as Plant)) {
  console.error(`There is no plant ${wanted}. There are: ${PLANTS.join(', ')}.`);
  process.exit(2);
}
const plant = wanted as Plant | undefined;
const clients = whole('clients', values.clients);
const steps = whole('steps', values.steps);
const first = whole('first-seed', values.seed ?? values['first-seed']);
const count = values.seed === undefined ? whole('seeds', values.seeds) : 1;
const scripts: Iterable<Script> = kept === undefined ? drawn() : [kept];

const started = performance.now();
const say = (text: string): void => (values.json ? undefined : console.log(text));
const tally = new Tally(plant !== undefined);
const shared = await SharedDatabase.open();
try {
  for (const script of scripts) {
    const result = await play(script);
    tally.add(script.seed, result);
    if (values.verbose) console.error(`seed ${script.seed}: ${result.faults.length} faults, ${seconds()} s`);
    if (values.trace !== undefined) writeFileSync(values.trace, result.trace.join('\n'));
    if (result.faults.length === 0) continue;
    tell(script, result);
    if (values.shrink !== undefined) await keep(script, values.shrink);
    if (values.shrink !== undefined || plant !== undefined) break;
  }
} finally {
  await shared.close();
}
const { summary } = tally;
say(`${summary.runs} seeds, ${summary.events} facts, ${seconds()} s: ${JSON.stringify(summary)}`);
if (values.json) console.log(JSON.stringify(summary));
process.exit(tally.isAsItShould ? 0 : 1);

function* drawn(): Iterable<Script> {
  for (let seed = first; seed < first + count; seed++) yield drawScript(seed, clients, steps);
}

async function play(script: Script): Promise<SimulationResult> {
  const result = await simulate(shared, script, plant);
  if (!values['verify-determinism']) return result;
  const again = await simulate(shared, script, plant);
  if (again.digest === result.digest) return result;
  const place = result.trace.findIndex((line, at) => line !== again.trace[at]);
  const fault = `SIM10 seed ${script.seed} is another run the second time, from line ${place + 1} of its trace on: ${result.trace[place]} | ${again.trace[place]}`;
  return { ...result, faults: [...result.faults, fault] };
}

function tell(script: Script, { faults }: SimulationResult): void {
  const planted = plant === undefined ? '' : ` --plant ${plant}`;
  const replay = `npm run sim -- --seed ${script.seed} --clients ${script.clients} --steps ${steps}${planted}`;
  say(`seed ${script.seed} failed: ${replay}  | ${faults.length} faults, first: ${faults[0]}`);
  if (values.seed !== undefined || kept !== undefined) for (const fault of faults) say(`  ${fault}`);
}

async function keep(script: Script, file: string): Promise<void> {
  const small = await shrink(script, async (smaller) => (await simulate(shared, smaller, plant)).faults[0]);
  if (small === undefined) return;
  const { seed, clients, turns } = small.script;
  const title = `${small.fault.slice(0, small.fault.indexOf(' '))} of seed ${seed}`;
  writeFileSync(file, `${JSON.stringify({ title, plant: plant ?? null, seed, clients, turns }, null, 1)}\n`);
  say(`${turns.length} turns of ${clients} laptops are left after ${small.runs} runs: ${small.fault}`);
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(1);
}

function whole(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} wants a whole number, not ${text}.`);
  process.exit(2);
}
