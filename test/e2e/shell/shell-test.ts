import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, expect, test as base, type ElectronApplication, type Page } from '@playwright/test';
import { buildShell } from '../../../scripts/build.ts';
import { findElectron } from '../../../scripts/electron-runtime.ts';

const here = import.meta.dirname;

/** What the fixture page offers to the specs; see fixture/page/page.js. */
interface PageFixture {
  readonly ports: number;
  readonly messages: unknown[];
  call(method: string, input: object): Promise<never>;
  listen(method: string, input: object): Promise<unknown[]>;
}
declare global {
  var fixture: PageFixture;
}

export interface Shell {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly dataDir: string;
  /** Executable and arguments, to start it a second time. */
  readonly command: { readonly file: string; readonly args: readonly string[] };
}

interface Fixtures {
  /** Starts the shell and waits for its window; ends it after the test. */
  launch(options?: { env?: Record<string, string>; args?: string[]; awaitPage?: boolean }): Promise<Shell>;
}

/**
 * The specs' own build of the shell: main, preload and workers are the
 * product's, the page and the host are the ones in fixture/, so that a spec
 * fails for the shell alone. `runtime` is set by the Playwright project.
 */
export const test = base.extend<Fixtures, { runtime: 'standin' | 'electron'; dist: string }>({
  runtime: ['standin', { option: true, scope: 'worker' }],

  dist: [
    async ({ runtime }, use) => {
      const dist = mkdtempSync(path.join(tmpdir(), 'faultline-shell-'));
      // Without a binary the specs are skipped, and nothing has to be built for that.
      if (runtime === 'standin' || findElectron() !== undefined) {
        await buildShell({
          outDir: dist,
          host: path.join(here, 'fixture/host.ts'),
          workers: { sessions: path.join(here, 'fixture/worker.ts') },
        });
        cpSync(path.join(here, 'fixture/page'), path.join(dist, 'renderer'), { recursive: true });
      }
      await use(dist);
      rmSync(dist, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],

  launch: async ({ runtime, dist }, use, testInfo) => {
    const executable =
      runtime === 'electron' ? findElectron() : path.join(here, '../../support/standin/electron');
    testInfo.skip(executable === undefined, 'NOT RUN: no Electron binary');
    const running: ElectronApplication[] = [];
    const folders: string[] = [];
    await use(async ({ env = {}, args = [], awaitPage = true } = {}) => {
      const dataDir = mkdtempSync(path.join(tmpdir(), 'faultline-data-'));
      folders.push(dataDir);
      const main = path.join(dist, 'main/main.cjs');
      const ownArgs = [main, `--data=${dataDir}`, ...args];
      const app = await _electron.launch({
        executablePath: executable ?? '',
        args: ownArgs,
        env: { ...(process.env as Record<string, string>), ...env },
      });
      running.push(app);
      const page = await app.firstWindow();
      if (awaitPage) await expect(page.locator('html')).toHaveAttribute('data-app-state', 'ready');
      return { app, page, dataDir, command: { file: executable ?? '', args: ownArgs } };
    });
    for (const app of running) await app.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  },
});

export { expect };
