import { defineConfig } from '@playwright/test';

/**
 * End-to-end tests.
 * - `browser`: every journey, the browser host in Chromium. The main suite.
 * - `shell`: the Electron shell through the stand-in for `electron` (test/support/standin).
 * - `electron`: the same shell specs on the real binary; where there is none they say NOT RUN.
 */
export default defineConfig<{ runtime: 'standin' | 'electron' }>({
  testDir: 'test/e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 2,
  retries: 0,
  reporter: 'list',
  use: { trace: 'retain-on-failure' },
  projects: [
    {
      name: 'browser',
      testDir: 'test/e2e/browser',
      use: {
        browserName: 'chromium',
        launchOptions: {
          executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
          args: [
            '--no-sandbox',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-first-run',
          ],
        },
      },
    },
    { name: 'shell', testDir: 'test/e2e/shell', use: { runtime: 'standin', trace: 'off' } },
    { name: 'electron', testDir: 'test/e2e/shell', use: { runtime: 'electron', trace: 'off' } },
  ],
});
