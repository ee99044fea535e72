/**
 * `npm run sim -- --seeds 50 --laptops 4 --steps 200 [--seed N] [--planted FAULT]`: plays random schedules
 * against the real journal, sync, store and server. Prints a line for each failing seed with how to play it
 * again, and a summary; exit code 1 when one failed.
 */
import 'fake-indexeddb/auto';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SharedDatabase } from './central-server.ts';
import { simulate, type PlantedFault } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    laptops: { type: 'string', default: '4' },
    clients: { type: 'string' },
    steps: { type: 'string', default: '200' },
    planted: { type: 'string' },
    trace: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const laptops = Number(values.clients ?? values.laptops);
const steps = Number(values.steps);
const first = Number(values.seed ?? 1);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const planted = values.planted as PlantedFault | undefined;

const started = performance.now();
const shared = await SharedDatabase.open();
const sums = { facts: 0, crashes: 0, restores: 0, failed: 0, slowest: 0 };
try {
  for (let seed = first; seed < first + count; seed++) {
    const result = await simulate(shared, {
      seed,
      laptops,
      steps,
      ...(planted !== undefined && { planted }),
    });
    sums.facts += result.facts;
    sums.crashes += result.crashes;
    sums.restores += result.restores;
    sums.slowest = Math.max(sums.slowest, result.ticksToQuiet);
    if (values.verbose)
      console.error(
        `seed ${seed}: ${result.faults.length} faults, ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
    if (values.trace !== undefined) writeFileSync(values.trace, result.trace.join('\n'));
    if (result.faults.length === 0) continue;
    sums.failed++;
    const plantedOption = planted === undefined ? '' : ` --planted ${planted}`;
    console.log(
      `seed ${seed} failed: npm run sim -- --seed ${seed} --clients ${laptops} --steps ${steps}${plantedOption}  | ${result.faults.length} faults, first: ${result.faults[0]}`,
    );
    if (values.seed !== undefined) for (const fault of result.faults) console.log(`  ${fault}`);
  }
} finally {
  await shared.close();
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `${count} seeds, ${sums.failed} failed; ${sums.facts} facts, ${sums.crashes} crashes, ${sums.restores} restores; quiet after at most ${sums.slowest} ticks; ${seconds} s`,
);
process.exit(sums.failed > 0 ? 1 : 0);
