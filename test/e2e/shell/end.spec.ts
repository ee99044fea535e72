import { once } from 'node:events';
import type { ElectronApplication } from '@playwright/test';
import { expect, test } from './shell-test.ts';

/** Title and address of the page as the main process sees it: after a crash Playwright's own page is lost. */
const shownPage = (app: ElectronApplication) =>
  app.evaluate(async ({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    return {
      url: contents?.getURL(),
      reason: await contents?.executeJavaScript('document.documentElement.dataset.reason'),
    };
  });

test.describe('the end', () => {
  test('quits at once when the host is done', async ({ launch }) => {
    const { app } = await launch();
    const ended = once(app.process(), 'exit');
    await app.evaluate(({ app }) => app.quit());
    expect((await ended)[0]).toBe(0);
  });

  test('waits for a host that hangs, but not for ever', async ({ launch }) => {
    const { app } = await launch({ env: { SPEC_HOST_CLOSE: 'never' } });
    const ended = once(app.process(), 'exit');
    const from = Date.now();
    await app.evaluate(({ app }) => app.quit());
    expect((await ended)[0]).toBe(0);
    // The limit of electron/shell/quit.ts, and time for the processes to go.
    expect(Date.now() - from).toBeGreaterThanOrEqual(4_900);
    expect(Date.now() - from).toBeLessThan(20_000);
  });

  test('a page whose process dies is replaced by the recovery page', async ({ launch }) => {
    const { app } = await launch();
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
    );
    // While one page gives way to the other, asking it fails.
    await expect(async () =>
      expect(await shownPage(app)).toEqual({
        url: 'app://faultline/recovery.html?reason=rendererGone',
        reason: 'rendererGone',
      }),
    ).toPass({ timeout: 10_000 });
    const diagnostics = await app.evaluate(async ({ net }) =>
      (await net.fetch('app://faultline/diagnostics.txt')).text(),
    );
    expect(diagnostics).toMatch(/window process gone: \w+, exit code \d+/);
  });

  test('a host that cannot start shows the recovery page and says why in the diagnostics', async ({
    launch,
  }) => {
    const { app } = await launch({ env: { SPEC_HOST: 'fails' }, awaitPage: false });
    // While one page gives way to the other, asking it fails.
    await expect(async () =>
      expect(await shownPage(app)).toEqual({
        url: 'app://faultline/recovery.html?reason=hostFailed',
        reason: 'hostFailed',
      }),
    ).toPass({ timeout: 10_000 });
    const diagnostics = await app.evaluate(async ({ net }) =>
      (await net.fetch('app://faultline/diagnostics.txt')).text(),
    );
    expect(diagnostics).toContain('the host did not start: Error: no journal');
  });
});
