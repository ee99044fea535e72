import { expect, test } from './shell-test.ts';

test.describe('walls between page and machine', () => {
  test('the preload exposes nothing', async ({ shell: { page } }) => {
    const found = await page.evaluate(() => {
      const names = Object.getOwnPropertyNames(window);
      return {
        node: ['require', 'process', 'module', 'Buffer', 'global', '__dirname'].filter(
          (name) => name in window,
        ),
        electron: names.filter((name) => /electron|ipc|bridge|standin|deliver|faultline/i.test(name)),
      };
    });
    expect(found).toEqual({ node: [], electron: [] });
  });

  test('the policy stops inline scripts and styles without the nonce', async ({ shell: { page } }) => {
    expect(await page.evaluate(() => 'inlineRan' in window)).toBe(false);
    await expect(page.locator('#styled')).toHaveCSS('color', 'rgb(1, 2, 3)');
    const evaluated = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injectedRan = true';
      document.body.append(script);
      return 'injectedRan' in window;
    });
    expect(evaluated).toBe(false);
  });

  test('the page reaches no other server', async ({ shell: { page } }) => {
    const reached = await page.evaluate(() =>
      fetch('https://evil.example/').then(
        () => 'reached',
        () => 'stopped',
      ),
    );
    expect(reached).toBe('stopped');
  });

  for (const [what, address] of [
    ['a path out of its folder', 'app://faultline/..%2fmain%2fmain.cjs'],
    ['a path out of a folder inside', 'app://faultline/assets/..%2f..%2fpreload%2fpreload.cjs'],
    ['another host', 'app://other/index.html'],
    ['a missing file', 'app://faultline/missing.js'],
  ] as const) {
    test(`app:// refuses ${what}`, async ({ shell: { app } }) => {
      const status = await app.evaluate(async ({ net }, url) => (await net.fetch(url)).status, address);
      expect(status).toBe(404);
    });
  }

  test('app:// answers GET only, and the page with its policy', async ({ shell: { app } }) => {
    const answers = await app.evaluate(async ({ net }) => {
      const get = await net.fetch('app://faultline/index.html');
      const post = await net.fetch('app://faultline/index.html', { method: 'POST' });
      return { get: get.status, policy: get.headers.get('content-security-policy'), post: post.status };
    });
    expect(answers).toEqual({ get: 200, policy: expect.stringContaining("default-src 'none'"), post: 405 });
  });

  test('a permission that is not in the table is denied', async ({ shell: { page } }) => {
    const code = await page.evaluate(
      () =>
        new Promise((resolve) =>
          navigator.geolocation.getCurrentPosition(
            () => resolve('position'),
            (error) => resolve(error.code),
          ),
        ),
    );
    expect(code).toBe(1);
  });

  for (const address of ['https://evil.example/', 'http://faultline/', 'app://faultline.evil/']) {
    test(`the window does not go to ${address}`, async ({ shell: { app, page } }) => {
      await page.evaluate((url) => {
        location.href = url;
      }, address);
      // A host call goes through only if the page, and with it its port, is still there.
      expect(await page.evaluate(() => globalThis.fixture.call('shell.add', { a: 1, b: 1 }))).toEqual({
        sum: 2,
      });
      const stillOurs = await app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.getURL().startsWith('app://faultline/'),
      );
      expect(stillOurs).toBe(true);
    });
  }

  test('no second window opens; the address is offered to the person instead', async ({
    shell: { app, page },
  }) => {
    await app.evaluate(({ dialog, shell }) => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      dialog.showMessageBox = (async (...given: unknown[]) => {
        seen.push((given.at(-1) as { message: string }).message);
        return { response: 0, checkboxChecked: false };
      }) as typeof dialog.showMessageBox;
      shell.openExternal = async (url) => void seen.push(`opened ${url}`);
    });
    expect(await page.evaluate(() => window.open('https://vendor.example/manual') === null)).toBe(true);
    await page.evaluate(() => window.open('file:///etc/passwd'));
    await expect
      .poll(() => app.evaluate(() => (globalThis as unknown as { seen: string[] }).seen))
      .toEqual(['https://vendor.example/manual', 'opened https://vendor.example/manual']);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  });

  test('secrets are refused where the key store is plain text', async ({ shell: { page } }) => {
    test.skip(process.platform !== 'linux', 'Other systems have a key store.');
    // Playwright starts Electron with --password-store=basic, so this is what every Linux run sees.
    expect(await page.evaluate(() => globalThis.fixture.call('shell.secretState', {}))).toEqual({
      kind: 'unavailable',
      reason: 'plainTextOnly',
    });
    const refused = page.evaluate(() => globalThis.fixture.call('shell.seal', { secret: 's' }));
    await expect(refused).rejects.toThrow('vault.noKeyStore');
  });
});
