import { defineConfig } from 'vitest/config';

/**
 * Unit and contract tests. Everything runs on Node; the renderer's data layer
 * gets IndexedDB from fake-indexeddb. `electron` must never resolve in Node:
 * the package starts a download when it is required outside Electron.
 */
export default defineConfig({
  resolve: {
    alias: { electron: new URL('./test/support/no-electron.ts', import.meta.url).pathname },
  },
  test: {
    include: [
      'shared/**/*.test.ts',
      'electron/**/*.test.ts',
      'server/**/*.test.ts',
      'renderer/**/*.test.{ts,tsx}',
      'scripts/**/*.test.ts',
      'test/{contract,integration,simulation}/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', 'dist/**'],
    globalSetup: ['./test/support/prepare-run.ts'],
    testTimeout: 30_000,
    // The first one that needs a database makes it for all, which a busy machine may take its time for.
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
