import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { App } from '../pages/app.ts';
import { HOST_GONE } from '../fixtures/troubles.ts';
import { FirstStart } from '../pages/first-start.ts';
import { OfficeScreens } from '../pages/office-screens.ts';
import { Sync } from '../pages/sync.ts';
import { Ticket } from '../pages/ticket.ts';

const ADMIN = {
  id: 'he.jing',
  name: '何静',
  roles: ['admin' as const],
  homeRegion: 'sz',
  password: 'office only',
};
const PASSPHRASE = 'a long enough passphrase';

test.use({ allowed: [HOST_GONE] });

test('a locked laptop opens with its passphrase, without any network', async ({ newDevice, newOffice }) => {
  test.setTimeout(300_000);
  const office = await newOffice();
  const number = await office.openTicket('整流模块 R2 通信中断');
  const device = await newDevice();
  const { page } = device;
  const app = await connectLaptop(device, office, 'li.wei');
  const ticket = new Ticket(page);
  await expect(ticket.row(number)).toBeVisible();
  await app.go('settings');
  await look(page, 'settings-no-vault');
  await page.getByTestId('vault-passphrase').fill(PASSPHRASE);
  await page.getByTestId('vault-submit').click();
  await expect(page.getByTestId('settings-cache')).toHaveAttribute('data-protection', 'passphrase');
  await look(page, 'settings-vault');

  office.freeze();
  await page.getByTestId('lock-now').click();
  await expect(page.getByTestId('lock-screen')).toBeVisible();
  await page.reload();
  const passphrase = page.getByTestId('unlock-passphrase');
  await expect(passphrase).toBeFocused();
  await look(page, 'lock-screen');
  await passphrase.fill('not the passphrase');
  await page.keyboard.press('Enter');
  await expect(passphrase).toHaveAttribute('data-invalid', 'true');
  await look(page, 'lock-screen-wrong');
  await expect(ticket.rows).toHaveCount(0);

  // Also after the laptop was switched off.
  await device.killHost();
  await device.startAgain('same');
  await device.page.getByTestId('unlock-passphrase').fill(PASSPHRASE);
  await device.page.keyboard.press('Enter');
  await new App(device.page).isReady();
  const again = new Ticket(device.page);
  await again.open(number);
  await again.note('断网也能记录');
});

test('an expired login stops the sync and nothing else; logging in again lets it flow', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ accounts: [ADMIN] });
  const number = await office.openTicket('直流输出欠压');
  const device = await newDevice();
  const { page } = device;
  const app = await connectLaptop(device, office, 'li.wei');
  const sync = new Sync(page);
  const ticket = new Ticket(page);
  // The workspace is here before the login ends: without it there would be nothing to work on.
  await ticket.open(number);
  await office.administer(ADMIN, 'PATCH', 'users/li.wei', { password: 'a new password' });
  await ticket.note('登录过期后仍可记录');
  await app.go('sync');
  await sync.now();
  await app.isConnected('needsLogin', 30_000);
  await app.go('tickets');
  await page.keyboard.press('a');
  await ticket.stands('accepted');
  await app.go('sync');
  await expect(sync.items).toHaveCount(2);
  await look(page, 'unsynced-needs-login');
  await sync.logIn('demo');
  await expect(page.getByTestId('login-password')).toHaveAttribute('data-invalid', 'true');
  await sync.logIn('a new password');
  await app.isConnected('online');
  await app.isAllSent();
});

test('a revoked laptop hands over what it has not sent, wipes itself and says so; the office decides about each fact', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ accounts: [ADMIN] });
  const number = await office.openTicket('蓄电池组电压低');
  const [lost, desk, others] = [await newDevice(), await newDevice(), await newDevice()];
  const app = await connectLaptop(lost, office, 'li.wei');
  const deskApp = await connectLaptop(desk, office, ADMIN.id, ADMIN.password);
  const othersApp = await connectLaptop(others, office, 'zhang.min');
  const sync = new Sync(lost.page);
  const ticket = new Ticket(lost.page);
  const screens = new OfficeScreens(desk.page);
  const code = (await lost.page.getByTestId('status-bar').innerText()).split(' · ').at(-1)!.trim();

  await test.step('offline, two notes are written', async () => {
    await app.go('sync');
    await sync.stayOffline(true);
    await app.isConnected('offline');
    await app.go('tickets');
    await ticket.open(number);
    await ticket.note('单体电压已逐节测量');
    await ticket.note('这句写错了地方');
  });

  await test.step('the administrator revokes the laptop', async () => {
    await deskApp.go('admin');
    await screens.show('devices');
    await look(desk.page, 'admin-devices');
    await screens.device(code).getByTestId('admin-revoke').click();
    await look(desk.page, 'admin-revoke');
    await screens.because('列车上遗失');
    await expect(screens.device(code)).toContainText(ADMIN.name);
  });

  await test.step('the laptop hands its notes over, wipes itself and says so', async () => {
    await app.go('sync');
    // The switch goes away together with everything else, so it is not asked afterwards.
    await lost.page.getByTestId('sync-offline').click({ force: true });
    await expect(lost.page.getByTestId('wiped-notice')).toBeVisible({ timeout: 40_000 });
    await expect(lost.page.getByTestId('wiped-notice')).toContainText('2');
    // Screens that were reading while everything went away have nothing to add.
    await expect(app.notifications).toHaveCount(0);
    await look(lost.page, 'wiped-notice');
    await new FirstStart(lost.page).isShown();
  });

  await test.step('the office takes one note in and puts the other away', async () => {
    await screens.show('heldBack');
    await expect(screens.heldBack).toHaveCount(2);
    await look(desk.page, 'admin-held-back');
    await screens.heldBack.filter({ hasText: '单体电压' }).getByTestId('admin-accept').click();
    await look(desk.page, 'admin-accept');
    await screens.because('与同事核对过');
    await expect(screens.heldBack).toHaveCount(1);
    await screens.heldBack.getByTestId('admin-dismiss').click();
    await screens.because('写错工单');
    await expect(screens.heldBack).toHaveCount(0);
  });

  await test.step('the others see the one that was taken in', async () => {
    const theirs = new Ticket(others.page);
    await othersApp.go('tickets');
    await theirs.view('all');
    await theirs.open(number);
    await expect(theirs.events('ticket.noted').filter({ hasText: '单体电压' })).toHaveCount(1, {
      timeout: 30_000,
    });
    await expect(theirs.events('ticket.noted')).toHaveCount(1);
  });
});
