/**
 * `npm test`: every test there is. Unit, contract, integration and simulation
 * tests with Vitest, then end-to-end tests with Playwright on a fresh build.
 * Ends with the line `N passed, N failed`, and with exit code 1 when a test
 * failed or a runner crashed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './repository.ts';
import { runCommand } from './run-command.ts';
import {
  findNotRun,
  readPlaywrightReport,
  readVitestReport,
  summaryLine,
  withCrash,
  type Outcome,
} from './test-reports.ts';

/** Far above what they need; a test that hangs must not hold the machine for hours. */
const VITEST_LIMIT_MS = 42 * 60_000;
const BUILD_LIMIT_MS = 6 * 60_000;
const PLAYWRIGHT_LIMIT_MS = 30 * 60_000;
const SLOWEST_SHOWN = 8;

const folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
const started = performance.now();

const nothing: Outcome = { passed: 0, skipped: 0, failures: [], files: [], notRun: [] };

function readReport(file: string, read: (json: unknown) => Outcome): Outcome {
  if (!existsSync(file)) return nothing;
  try {
    return read(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    return {
      ...nothing,
      failures: [{ name: 'test report', message: `${file} cannot be read: ${String(error)}` }],
    };
  }
}

async function runVitest(): Promise<Outcome> {
  console.log('== unit, contract, integration and simulation tests');
  const file = join(folder, 'vitest.json');
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const result = await runCommand('vitest', args, {
    echo: true,
    timeoutMs: VITEST_LIMIT_MS,
    env: { NO_COLOR: '1' },
  });
  const outcome = readReport(file, (json) => readVitestReport(json, repositoryRoot));
  return withCrash({ ...outcome, notRun: findNotRun(result.output) }, 'Vitest', result.code, result.output);
}

async function runPlaywright(): Promise<Outcome> {
  if (!existsSync(join(repositoryRoot, 'playwright.config.ts'))) return nothing;
  console.log('\n== build');
  const build = await runCommand('node', ['scripts/build.ts'], { echo: true, timeoutMs: BUILD_LIMIT_MS });
  if (build.code !== 0) return withCrash(nothing, 'The build', build.code, build.output);
  console.log('\n== end-to-end tests');
  const file = join(folder, 'playwright.json');
  const result = await runCommand('playwright', ['test', '--reporter=list,json'], {
    echo: true,
    timeoutMs: PLAYWRIGHT_LIMIT_MS,
    env: { NO_COLOR: '1', PLAYWRIGHT_JSON_OUTPUT_FILE: file },
  });
  const outcome = readReport(file, readPlaywrightReport);
  const notRun = [...new Set([...outcome.notRun, ...findNotRun(result.output)])];
  return withCrash({ ...outcome, notRun }, 'Playwright', result.code, result.output);
}

console.log('== system packages');
await runCommand('node', ['scripts/system-packages.ts'], { echo: true });

const outcomes = [await runVitest(), await runPlaywright()];
rmSync(folder, { recursive: true, force: true });

const failures = outcomes.flatMap((outcome) => outcome.failures);
const notRun = [...new Set(outcomes.flatMap((outcome) => outcome.notRun))];
const slowest = outcomes
  .flatMap((outcome) => outcome.files)
  .sort((a, b) => b.seconds - a.seconds)
  .slice(0, SLOWEST_SHOWN);

console.log(`\n== slowest files, ${Math.round((performance.now() - started) / 1000)} s in all`);
for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(6)} s  ${file}`);
if (failures.length > 0) console.log('\n== failures');
for (const { name, message } of failures) console.log(`\n✗ ${name}\n${indent(message)}`);
if (notRun.length > 0) console.log(`\n${notRun.join('\n')}`);

const sum = (count: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + count(outcome), 0);
console.log(
  `\n${summaryLine(
    sum((outcome) => outcome.passed),
    failures.length,
    sum((outcome) => outcome.skipped),
  )}`,
);
if (failures.length > 0) process.exitCode = 1;

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
