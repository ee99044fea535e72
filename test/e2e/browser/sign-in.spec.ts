import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startIdentityProvider } from '#test/support/identity-provider.ts';
import { makeCa } from '#test/support/self-made-ca.ts';
import { STORY_LANGUAGE, look, takePicture } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { App } from '../pages/app.ts';
import { FirstStart } from '../pages/first-start.ts';

test("a fresh laptop signs in through the company's provider, in a browser", async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const provider = await startIdentityProvider();
  provider.people.set('subject-1', { preferred_username: 'li.wei', name: 'Li Wei' });
  try {
    const office = await newOffice({
      oidc: {
        issuer: provider.issuer,
        clientId: provider.clientId,
        clientSecret: provider.clientSecret,
        name: '东岭统一认证',
        tenant: 'main',
        userClaim: 'preferred_username',
      },
    });
    provider.allowRedirectTo(`${office.url}/v1/oidc/callback`);
    const { page } = await newDevice();
    const start = new FirstStart(page);
    await start.isShown();
    await start.choose(STORY_LANGUAGE);
    await page.getByTestId('server-url').fill(office.url);
    await page.getByTestId('server-user').focus();
    await expect(page.getByTestId('login-browser')).toBeVisible();
    await look(page, 'start-provider');
    await page.getByTestId('login-browser').click();
    await expect(page.getByTestId('login-code')).toBeVisible();
    await look(page, 'start-code');

    const opened = page.context().waitForEvent('page');
    await page.getByTestId('outside-link').click();
    const browser = await opened;
    await browser.locator('input[name=login]').fill('subject-1');
    await browser.locator('input[name=password]').fill('any');
    await browser.locator('button[type=submit]').click();
    await browser.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
    await browser.locator('button[type=submit]').click();
    await expect(browser.locator('.code'), 'the style of the page').toHaveCSS('font-size', '32px');
    const code = await browser.locator('.code').innerText();
    await takePicture(browser, 'sign-in-code-page');
    await browser.close();

    const field = page.getByTestId('login-code');
    await field.fill('0000 0000');
    await page.getByTestId('start-server').click();
    await expect(start.trouble).toBeVisible();
    await field.fill(code);
    await page.getByTestId('start-server').click();
    const app = new App(page);
    await app.isReady();
    await app.isConnected('online');
    await expect(page.getByTestId('status-bar')).toContainText(/李伟|Li Wei/);
  } finally {
    await provider.stop();
  }
});

test('a server with a certificate of a private authority: the first start says so, and goes on once it is trusted', async ({
  newDevice,
  newOffice,
  folder,
}) => {
  test.setTimeout(300_000);
  const made = await makeCa(folder, 'dongling-root');
  const tls = { cert: path.join(folder, 'server.pem'), key: path.join(folder, 'server.key') };
  await writeFile(tls.cert, made.cert);
  await writeFile(tls.key, made.key);
  const office = await newOffice({ tls });
  const { page } = await newDevice();
  const start = new FirstStart(page);
  await start.isShown();
  await start.choose(STORY_LANGUAGE);
  await page.getByTestId('server-url').fill(office.url);
  await page.getByTestId('server-user').focus();
  await expect(start.trouble).toBeVisible();
  await look(page, 'start-untrusted');
  await page.getByTestId('ca-open').click();
  await page.getByTestId('ca-pem').fill('not a certificate');
  await page.getByTestId('ca-add').click();
  await expect(page.getByTestId('trusted-authorities').getByRole('alert')).toBeVisible();
  await page.getByTestId('ca-pem').fill(made.ca);
  await look(page, 'start-adding-authority');
  await page.getByTestId('ca-add').click();
  await expect(start.trouble).toBeHidden();
  await start.connect(office.url, 'li.wei');
  const app = new App(page);
  await app.isReady();
  await app.isConnected('online');
  await app.go('settings');
  await expect(page.getByTestId('trusted-authorities')).toContainText('dongling-root');
  await look(page, 'settings-authorities');
});
