/**
 * `npm run check`: what a build machine runs first and a person before each
 * commit. Format, lint, boundaries, rules, notices, types, then unit and contract
 * tests. Every step runs, also after one has failed; the failures stand at the end.
 */
import { runCommand, type CommandResult } from './run-command.ts';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Its output is a report that is worth reading when it passes, too. */
  readonly isReport?: boolean;
}

const types = ['shared', 'electron/services', 'electron', 'renderer', 'server', 'test'].map((area): Step => ({
  name: `types ${area}`,
  command: 'tsc',
  args: ['-p', area],
}));

/** Quick ones first. Two run at a time: the types of six areas are the long part and stand alone. */
const steps: readonly Step[] = [
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings'] },
  { name: 'boundaries', command: 'node', args: ['scripts/boundaries.ts'] },
  { name: 'rules', command: 'node', args: ['scripts/rules.ts'], isReport: true },
  { name: 'notices', command: 'node', args: ['scripts/notices.ts', '--check'] },
  ...types,
];

/** Integration and simulation take minutes: `npm test` runs them. */
const tests: Step = {
  name: 'unit and contract tests',
  command: 'vitest',
  args: ['run', '--reporter=dot', '--exclude=test/integration/**', '--exclude=test/simulation/**'],
};

const AT_A_TIME = 2;
const failures: { step: Step; result: CommandResult }[] = [];

async function run(step: Step): Promise<void> {
  const result = await runCommand(step.command, step.args, { env: { NO_COLOR: '1' } });
  const outcome = result.code === 0 ? 'ok  ' : 'FAIL';
  console.log(`${outcome} ${result.seconds.toFixed(1).padStart(6)} s  ${step.name}`);
  if (step.isReport === true && result.code === 0) console.log(`               ${lastLine(result.output)}`);
  if (result.code !== 0) failures.push({ step, result });
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

const queue = [...steps];
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) await run(step);
  }),
);
// Alone, because its own workers fill the machine.
await run(tests);

for (const { step, result } of failures) {
  console.log(`\n== ${step.name} (${step.command} ${step.args.join(' ')})\n${result.output.trimEnd()}`);
}
console.log(
  failures.length === 0
    ? '\nAll checks passed.'
    : `\n${failures.length} of ${steps.length + 1} checks failed.`,
);
if (failures.length > 0) process.exitCode = 1;
