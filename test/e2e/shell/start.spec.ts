import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from './shell-test.ts';

test.describe('the start', () => {
  test('goes in order: main, window, first paint', async ({ launch }) => {
    const { app } = await launch();
    await expect
      .poll(() =>
        app.evaluate(() =>
          performance
            .getEntriesByType('mark')
            .map(({ name }) => name)
            .filter((name) => name.startsWith('app/')),
        ),
      )
      .toEqual(['app/didStartMain', 'app/didCreateWindow', 'app/didPaintShell']);
  });

  test('keeps its data where the command line says', async ({ launch }) => {
    const { app, dataDir } = await launch();
    expect(await app.evaluate(({ app }) => app.getPath('userData'))).toBe(dataDir);
  });

  test('opens one window, shown, with every wall up', async ({ launch }) => {
    const { app } = await launch();
    const found = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => {
        // Not in Electron's typings, but there: what the window really got.
        const contents = window.webContents as typeof window.webContents & {
          getLastWebPreferences(): Electron.WebPreferences;
        };
        const { contextIsolation, sandbox, nodeIntegration, webviewTag } = contents.getLastWebPreferences();
        return { visible: window.isVisible(), contextIsolation, sandbox, nodeIntegration, webviewTag };
      }),
    );
    expect(found).toEqual([
      { visible: true, contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false },
    ]);
  });

  test('a second start hands its link over and ends', async ({ launch }) => {
    const { app, page, command } = await launch();
    const second = spawn(command.file, [...command.args, '--no-sandbox', 'faultline://ticket/SZ03-000123'], {
      stdio: 'ignore',
    });
    await once(second, 'exit');
    await expect
      .poll(() => page.evaluate(() => globalThis.fixture.messages))
      .toEqual([{ t: 'open', link: { place: 'ticket', id: 'SZ03-000123' } }]);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  test('a link on the command line waits until the page listens', async ({ launch }) => {
    const { page } = await launch({ args: ['faultline://asset/R48-7'] });
    await expect
      .poll(() => page.evaluate(() => globalThis.fixture.messages))
      .toEqual([{ t: 'open', link: { place: 'asset', id: 'R48-7' } }]);
  });

  test('the menu comes after the first paint and sends command ids', async ({ launch }) => {
    const { app, page } = await launch();
    await expect.poll(() => app.evaluate(({ Menu }) => Menu.getApplicationMenu() !== null)).toBe(true);
    await app.evaluate(({ Menu }) => {
      for (const id of ['ticket.new', 'app.palette']) Menu.getApplicationMenu()?.getMenuItemById(id)?.click();
    });
    await expect
      .poll(() => page.evaluate(() => globalThis.fixture.messages))
      .toEqual([
        { t: 'command', id: 'ticket.new' },
        { t: 'command', id: 'app.palette' },
      ]);
  });
});
