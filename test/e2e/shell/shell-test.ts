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
  call(method: string, input: object): Promise<unknown>;
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

interface LaunchOptions {
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  /** Wait until the fixture page has spoken with the host; on by default. */
  readonly awaitPage?: boolean;
}

interface Fixtures {
  /** Starts a shell of the test's own and ends it after the test. */
  launch(options?: LaunchOptions): Promise<Shell>;
  /** A running shell that tests share: they look at it and leave it as it was. */
  shell: Shell;
}

interface WorkerFixtures {
  runtime: 'standin' | 'electron';
  /** `fixture` is the specs' own host and worker, `product` the ones that ship. */
  host: 'fixture' | 'product';
  executable: string | undefined;
  dist: string;
  running: Shell | undefined;
}

const NOT_RUN = 'NOT RUN: no Electron binary';

/**
 * The specs' own build of the shell: main and preload are the product's; page,
 * host and worker are the ones in fixture/, so that a spec fails for the shell
 * alone. `runtime` is set by the Playwright project.
 */
export const test = base.extend<Fixtures, WorkerFixtures>({
  runtime: ['standin', { option: true, scope: 'worker' }],
  host: ['fixture', { option: true, scope: 'worker' }],

  executable: [
    async ({ runtime }, use) => {
      await use(runtime === 'electron' ? findElectron() : path.join(here, '../../support/standin/electron'));
    },
    { scope: 'worker' },
  ],

  dist: [
    async ({ executable, host }, use) => {
      const dist = mkdtempSync(path.join(tmpdir(), 'faultline-shell-'));
      // Without a binary the specs are skipped, and nothing has to be built for that.
      if (executable !== undefined) {
        await buildShell({
          outDir: dist,
          ...(host === 'fixture' && {
            host: path.join(here, 'fixture/host.ts'),
            workers: { sessions: path.join(here, 'fixture/worker.ts') },
          }),
        });
        cpSync(path.join(here, 'fixture/page'), path.join(dist, 'renderer'), { recursive: true });
      }
      await use(dist);
      rmSync(dist, { recursive: true, force: true });
    },
    { scope: 'worker' },
  ],

  running: [
    async ({ executable, dist }, use) => {
      const shell = executable === undefined ? undefined : await start(executable, dist);
      await use(shell);
      if (shell !== undefined) await end(shell);
    },
    { scope: 'worker' },
  ],

  shell: async ({ running }, use, testInfo) => {
    testInfo.skip(running === undefined, NOT_RUN);
    if (running !== undefined) await use(running);
  },

  launch: async ({ executable, dist }, use, testInfo) => {
    testInfo.skip(executable === undefined, NOT_RUN);
    const started: Shell[] = [];
    await use(async (options) => {
      const shell = await start(executable ?? '', dist, options);
      started.push(shell);
      return shell;
    });
    for (const shell of started) await end(shell);
  },
});

async function start(executable: string, dist: string, options: LaunchOptions = {}): Promise<Shell> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'faultline-data-'));
  const args = [path.join(dist, 'main/main.cjs'), `--data=${dataDir}`, ...(options.args ?? [])];
  const app = await _electron.launch({
    executablePath: executable,
    args,
    env: { ...(process.env as Record<string, string>), ...options.env },
  });
  const page = await app.firstWindow();
  if (options.awaitPage !== false) {
    await expect(page.locator('html')).toHaveAttribute('data-app-state', 'ready');
  }
  return { app, page, dataDir, command: { file: executable, args } };
}

async function end({ app, dataDir }: Shell): Promise<void> {
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
}

export { expect };
