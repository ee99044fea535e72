import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { OfficeScreens } from '../pages/office-screens.ts';
import { Ticket } from '../pages/ticket.ts';

const ADMIN = {
  id: 'he.jing',
  name: '何静',
  roles: ['admin' as const],
  homeRegion: 'sz',
  password: 'office only',
};
const NEW_USER = {
  id: 'sun.li',
  name: '孙丽',
  password: 'her first password',
  region: /广州|Guangzhou/,
  team: /gz-1/,
};

test('the administrator makes region, team and account; the new user sees her region and no other', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ accounts: [ADMIN] });
  const elsewhere = await office.openTicket('整流模块 R2 通信中断');
  const [desk, fresh] = [await newDevice(), await newDevice()];
  const app = await connectLaptop(desk, office, ADMIN.id, ADMIN.password);
  const { page } = desk;
  const screens = new OfficeScreens(page);

  await app.go('admin');
  await expect(screens.user('li.wei')).toBeVisible();
  await look(page, 'admin-users');
  await screens.show('regions');
  await screens.makeRegion('gz', '广州', 'Guangzhou');
  await screens.makeTeam('gz-1', '广州一班', 'Guangzhou 1', /广州|Guangzhou/);
  await look(page, 'admin-regions');
  await screens.show('users');
  await screens.fillUser(NEW_USER);
  await look(page, 'admin-new-user');
  await screens.saveUser();
  await expect(screens.user(NEW_USER.id)).toContainText(NEW_USER.name);

  const freshApp = await connectLaptop(fresh, office, NEW_USER.id, NEW_USER.password);
  const inHerRegion = await office.openTicket('风扇故障', NEW_USER.id, 'gz', ADMIN);
  const ticket = new Ticket(fresh.page);
  await ticket.view('all');
  await expect(ticket.row(inHerRegion)).toBeVisible({ timeout: 20_000 });
  await expect(ticket.row(elsewhere)).toHaveCount(0);
  await expect(fresh.page.getByTestId('rail-admin')).toHaveCount(0);
  await freshApp.go('sites');

  await screens.show('server');
  await look(page, 'admin-server');
  await screens.show('audit');
  await expect(screens.audit).toContainText('sun.li');
  await expect(screens.audit).toContainText('gz-1');
  await look(page, 'admin-audit');
});

test('a manager looks after his people and cannot make an administrator; without a connection the office says so', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ accounts: [ADMIN] });
  const device = await newDevice();
  const { page } = device;
  const app = await connectLaptop(device, office, 'wang.fang');
  const screens = new OfficeScreens(page);
  await app.go('admin');
  await expect(screens.user('li.wei').getByTestId('admin-edit-user')).toBeVisible();
  await expect(screens.user(ADMIN.id).getByTestId('admin-edit-user')).toHaveCount(0);
  await screens.fillUser({
    id: 'li.wei',
    name: '重名',
    password: 'long enough for it',
    region: /深圳|Shenzhen/,
  });
  await expect(await screens.rolesOffered()).toHaveText([
    /工程师|Engineer/,
    /专家|Specialist/,
    /技术员|Technician/,
    /调度员|Dispatcher/,
    /经理|Manager/,
    /客户|Customer/,
  ]);
  await page.keyboard.press('Escape');
  await screens.saveUser();
  await expect(page.getByTestId('user-trouble')).not.toBeEmpty();
  // Behind the dialog it is not said once more.
  await expect(page.getByTestId('admin-trouble')).toBeEmpty();
  await look(page, 'admin-user-refused');
  await page.keyboard.press('Escape');
  await page.getByTestId('admin-user-find').fill('wang');
  await expect(screens.user('li.wei')).toHaveCount(0);
  await expect(screens.user('wang.fang')).toBeVisible();

  office.freeze();
  await app.go('sync');
  await page.getByTestId('sync-offline').click({ force: true });
  await app.isConnected('offline');
  await app.go('admin');
  await expect(page.getByTestId('admin-offline')).toBeVisible();
  await look(page, 'admin-offline');
});
