/**
 * `npm run bench -- <name> [--json]`: runs test/bench/<name>.ts and prints what
 * it measured, as a table or as JSON and nothing else.
 */
import { readdirSync } from 'node:fs';
import { z } from 'zod';
import type { BenchCase } from './measure.ts';

const NOT_A_BENCH = new Set(['run.ts', 'measure.ts', 'application-page.ts']);

const BenchResultSchema = z.object({
  name: z.string(),
  cases: z.array(
    z.object({
      name: z.string(),
      ours: z.number(),
      peer: z.number().optional(),
      ratio: z.number().optional(),
      unit: z.string(),
      n: z.number().int().positive(),
      spread: z.number(),
    }),
  ),
});
const BenchModuleSchema = z.object({
  run: z.custom<() => Promise<unknown>>((value) => typeof value === 'function'),
});

const isJson = process.argv.includes('--json');
const name = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
const folder = new URL('.', import.meta.url);
const known = readdirSync(folder)
  .filter((file) => /^[a-z-]+\.ts$/.test(file) && !NOT_A_BENCH.has(file))
  .map((file) => file.replace('.ts', ''));

const usage = `npm run bench -- <name> [--json], where <name> is one of: ${known.join(', ')}
Takes minutes. Figures and how they are taken: docs/performance.md.`;
const unknown = process.argv.slice(2).filter((argument) => ![name, '--json', '--help'].includes(argument));

if (process.argv.includes('--help')) {
  console.log(usage);
} else if (name === undefined || !known.includes(name) || unknown.length > 0) {
  // A bench takes minutes: what was mistyped is not found out afterwards.
  console.error(unknown.length > 0 ? `Not understood: ${unknown.join(' ')}\n${usage}` : usage);
  process.exitCode = 1;
} else {
  if (isJson) sendLogToStderr();
  const module = BenchModuleSchema.parse(await import(new URL(`${name}.ts`, folder).href));
  const result = BenchResultSchema.parse(await module.run());
  if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
  else printTable(result.cases);
}

/** What a bench says on its way must not stand between a reader and the JSON. */
function sendLogToStderr(): void {
  console.log = console.error;
  console.info = console.error;
}

function printTable(cases: readonly BenchCase[]): void {
  const figure = (value: number | undefined): string =>
    value === undefined ? '' : value.toLocaleString('en', { maximumSignificantDigits: 4 });
  const rows = cases.map((row) => [
    row.name,
    figure(row.ours),
    figure(row.peer),
    row.unit,
    figure(row.ratio),
    figure(row.spread),
    String(row.n),
  ]);
  const table = [['case', 'ours', 'peer', 'unit', 'ratio', 'spread', 'n'], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(cells.join('  ').trimEnd());
  }
}
