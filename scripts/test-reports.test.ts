import { expect, it } from 'vitest';
import {
  findNotRun,
  readPlaywrightReport,
  readVitestReport,
  summaryLine,
  withCrash,
} from './test-reports.ts';

it('reads what Vitest reports, and counts a file that cannot be loaded as a failure', () => {
  const outcome = readVitestReport(
    {
      testResults: [
        {
          name: '/repo/a.test.ts',
          status: 'failed',
          startTime: 1000,
          endTime: 3500,
          assertionResults: [
            { fullName: 'one', status: 'passed' },
            { fullName: 'two', status: 'failed', failureMessages: ['expected 1'] },
            { fullName: 'three', status: 'skipped' },
            { fullName: 'four', status: 'todo' },
          ],
        },
        { name: '/repo/b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
      ],
    },
    '/repo',
  );
  expect(outcome).toEqual({
    passed: 1,
    skipped: 2,
    failures: [
      { name: 'a.test.ts > two', message: 'expected 1' },
      { name: 'b.test.ts', message: 'no such module' },
    ],
    files: [
      { file: 'a.test.ts', seconds: 2.5 },
      { file: 'b.test.ts', seconds: 0 },
    ],
    notRun: [],
  });
});

it('reads what Playwright reports, nested suites and errors outside of tests included', () => {
  const test = (status: string, errors: { message: string }[] = [], annotations: object[] = []): object => ({
    projectName: 'browser',
    status,
    annotations,
    results: [{ duration: 1500, errors }],
  });
  const outcome = readPlaywrightReport({
    errors: [{ message: 'web server did not start' }],
    suites: [
      {
        title: 'day.spec.ts',
        file: 'day.spec.ts',
        specs: [{ title: 'passes', tests: [test('expected')] }],
        suites: [
          {
            title: 'desktop',
            file: 'day.spec.ts',
            specs: [
              { title: 'breaks', tests: [test('unexpected', [{ message: 'boom' }])] },
              { title: 'wavers', tests: [test('flaky', [{ message: 'late' }])] },
              {
                title: 'needs Electron',
                tests: [test('skipped', [], [{ type: 'skip', description: 'NOT RUN: no Electron binary' }])],
              },
            ],
          },
        ],
      },
    ],
  });
  expect(outcome).toEqual({
    passed: 1,
    skipped: 1,
    failures: [
      { name: 'Playwright', message: 'web server did not start' },
      { name: '[browser] > day.spec.ts > desktop > breaks', message: 'boom' },
      {
        name: '[browser] > day.spec.ts > desktop > wavers',
        message: 'Unsteady: passed only when tried again.\nlate',
      },
    ],
    files: [{ file: 'day.spec.ts', seconds: 6 }],
    notRun: ['NOT RUN: no Electron binary'],
  });
});

it('counts a runner that crashed as a failure', () => {
  const nothing = { passed: 3, skipped: 0, failures: [], files: [], notRun: [] };
  expect(withCrash(nothing, 'Vitest', 0, '')).toEqual(nothing);
  expect(withCrash(nothing, 'Vitest', 139, 'Segmentation fault').failures).toHaveLength(1);
});

it('shows what could not be run, each once', () => {
  expect(findNotRun('a\n  - NOT RUN: no Electron binary\nb\nNOT RUN: no Electron binary\n')).toEqual([
    'NOT RUN: no Electron binary',
  ]);
});

it('ends with a line that a machine can read', () => {
  expect(summaryLine(12, 0, 0)).toBe('12 passed, 0 failed');
  expect(summaryLine(12, 1, 3)).toBe('12 passed, 1 failed, 3 skipped');
});
