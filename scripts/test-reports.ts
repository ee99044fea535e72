import { z } from 'zod';

/** One test that failed, or a runner or file that broke before its tests could run. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

export interface Outcome {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  readonly files: readonly { readonly file: string; readonly seconds: number }[];
  /** `NOT RUN: …` lines: what could not be tested here, and why. */
  readonly notRun: readonly string[];
}

const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      startTime: z.number().optional(),
      endTime: z.number().optional(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** Reads Vitest's JSON report. A file that could not be loaded counts as one failure. */
export function readVitestReport(json: unknown, root = ''): Outcome {
  const report = VitestReport.parse(json);
  const inside = (path: string): string =>
    root !== '' && path.startsWith(root) ? path.slice(root.length + 1) : path;
  const failures: Failure[] = [];
  let passed = 0;
  let skipped = 0;
  for (const file of report.testResults) {
    let failedHere = 0;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed++;
      else if (test.status === 'failed') {
        failedHere++;
        const message = (test.failureMessages ?? []).join('\n');
        failures.push({ name: `${inside(file.name)} > ${test.fullName}`, message });
      } else skipped++;
    }
    if (file.status === 'failed' && failedHere === 0) {
      failures.push({ name: inside(file.name), message: file.message ?? 'could not be loaded' });
    }
  }
  const files = report.testResults.map(({ name, startTime = 0, endTime = 0 }) => ({
    file: inside(name),
    seconds: Math.max(0, endTime - startTime) / 1000,
  }));
  return { passed, skipped, failures, files, notRun: [] };
}

const PlaywrightError = z.object({ message: z.string().optional(), stack: z.string().optional() });
const PlaywrightTest = z.object({
  projectName: z.string().optional(),
  status: z.enum(['expected', 'unexpected', 'flaky', 'skipped']),
  annotations: z.array(z.object({ type: z.string(), description: z.string().optional() })).default([]),
  results: z.array(z.object({ duration: z.number(), errors: z.array(PlaywrightError).default([]) })),
});
interface PlaywrightSuite {
  title: string;
  file?: string | undefined;
  specs: { title: string; tests: z.output<typeof PlaywrightTest>[] }[];
  suites?: PlaywrightSuite[] | undefined;
}
const PlaywrightSuite: z.ZodType<PlaywrightSuite> = z.lazy(() =>
  z.object({
    title: z.string(),
    file: z.string().optional(),
    specs: z.array(z.object({ title: z.string(), tests: z.array(PlaywrightTest) })),
    suites: z.array(PlaywrightSuite).optional(),
  }),
);
const PlaywrightReport = z.object({
  suites: z.array(PlaywrightSuite),
  errors: z.array(PlaywrightError).default([]),
});

/**
 * Reads Playwright's JSON report. An error outside of any test counts as a
 * failure; so does a test that passed only when tried again.
 */
export function readPlaywrightReport(json: unknown): Outcome {
  const report = PlaywrightReport.parse(json);
  const failures: Failure[] = report.errors.map((error) => ({
    name: 'Playwright',
    message: describeError(error),
  }));
  const seconds = new Map<string, number>();
  const notRun = new Set<string>();
  let passed = 0;
  let skipped = 0;
  const visit = (suite: PlaywrightSuite, path: readonly string[]): void => {
    for (const spec of suite.specs) {
      for (const test of spec.tests) {
        const file = suite.file ?? path[0] ?? '';
        const time = test.results.reduce((sum, result) => sum + result.duration, 0);
        seconds.set(file, (seconds.get(file) ?? 0) + time / 1000);
        for (const { description } of test.annotations) {
          if (description?.startsWith('NOT RUN') === true) notRun.add(description);
        }
        if (test.status === 'expected') passed++;
        else if (test.status === 'skipped') skipped++;
        else {
          const project = test.projectName === undefined ? [] : [`[${test.projectName}]`];
          const name = [...project, ...path, spec.title].join(' > ');
          const message = test.results.flatMap((result) => result.errors.map(describeError)).join('\n');
          failures.push({
            name,
            message:
              test.status === 'flaky' ? `Unsteady: passed only when tried again.\n${message}` : message,
          });
        }
      }
    }
    for (const inner of suite.suites ?? []) visit(inner, [...path, inner.title]);
  };
  for (const suite of report.suites) visit(suite, [suite.title]);
  const files = [...seconds].map(([file, time]) => ({ file, seconds: time }));
  return { passed, skipped, failures, files, notRun: [...notRun] };
}

const describeError = (error: z.output<typeof PlaywrightError>): string =>
  error.message ?? error.stack ?? 'failed';

/** The `NOT RUN: …` lines in what a runner wrote, each once. */
export function findNotRun(output: string): string[] {
  return [...new Set(output.split('\n').flatMap((line) => /NOT RUN\b.*/.exec(line)?.[0].trimEnd() ?? []))];
}

/** What a runner that ended badly without a failed test contributes: it crashed, and that is a failure. */
export function withCrash(outcome: Outcome, runner: string, exitCode: number, output: string): Outcome {
  if (exitCode === 0 || outcome.failures.length > 0) return outcome;
  const message = `ended with exit code ${exitCode} though no test failed. Its last words:\n${output.trimEnd().split('\n').slice(-30).join('\n')}`;
  return { ...outcome, failures: [{ name: runner, message }] };
}

/** The last line of `npm test`: `12 passed, 0 failed`, with `, 3 skipped` behind it where tests were skipped. */
export function summaryLine(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
