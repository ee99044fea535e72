import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { entry } from '../pages/choice.ts';
import { Ticket } from '../pages/ticket.ts';

const EXPERT = {
  id: 'zhao.bj',
  name: '赵工',
  roles: ['specialist' as const],
  homeRegion: 'bj',
  password: 'demo',
};

test('an expert of another region gets a ticket with customer, site and device, works on it, and it leaves him', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(240_000);
  const office = await newOffice({
    accounts: [EXPERT],
    device: { host: '10.20.30.40', port: 2222, username: 'maint' },
  });
  const number = await office.openTicket('整流模块 R2 通信中断');
  const [mine, other] = [await newDevice(), await newDevice()];
  const app = await connectLaptop(mine, office, 'li.wei');
  const otherApp = await connectLaptop(other, office, EXPERT.id);
  const [ticket, his] = [new Ticket(mine.page), new Ticket(other.page)];
  const place = (fact: string) => other.page.getByTestId(`place-${fact}`);

  await test.step('nothing of the other region is here', async () => {
    await his.view('all');
    await expect(his.rows).toHaveCount(0);
  });

  await test.step('the form says what goes along; an account that this laptop does not know is typed', async () => {
    await ticket.open(number);
    await ticket.more('share');
    const form = ticket.dialog('share');
    await expect(form.getByTestId('goes-along')).toContainText(/东岭电信|Dongling Telecom/);
    await expect(form.getByTestId('goes-along')).toContainText(/石桥局站|Shiqiao exchange/);
    await expect(form.getByTestId('goes-along')).toContainText(/开关电源 2#|Switching power system 2#/);
    await ticket.field('with').fill(EXPERT.id);
    await entry(mine.page, /(账号|Account) zhao\.bj/).click();
    await look(mine.page, 'share');
    await ticket.submit('share');
    await app.isAllSent();
  });

  await test.step('he has the names, the way there, whom to call, and where the device answers', async () => {
    await his.open(number);
    await expect(other.page.getByTestId('ticket-page')).toContainText(
      /东岭电信 › 石桥局站 › 开关电源 2#|Dongling Telecom › Shiqiao exchange › Switching power system 2#/,
    );
    await expect(place('contacts')).toContainText('0755-8600-1100');
    await expect(place('site')).toContainText('石桥路 18 号');
    await expect(place('asset')).toContainText('PS48600-3B');
    await expect(place('asset')).toContainText('maint@10.20.30.40:2222');
    await expect(place('home')).toContainText('sz');
    await look(other.page, 'shared-ticket');
  });

  await test.step('he works on it, and cannot share it on', async () => {
    await his.note('请先查看 R2 的告警时间');
    await otherApp.isAllSent();
    await expect(ticket.events('ticket.noted')).toContainText('请先查看 R2 的告警时间');
    await other.page.getByTestId('more-acts').click();
    await expect(other.page.getByTestId('more-ticket.note')).toBeVisible();
    await expect(other.page.getByTestId('more-ticket.share')).toHaveCount(0);
    await other.page.keyboard.press('Escape');
  });

  await test.step('the share ends: ticket and records are gone from his laptop', async () => {
    await ticket.more('unshare');
    await ticket.submit('unshare');
    await app.isAllSent();
    await expect(his.row(number)).toHaveCount(0);
    await otherApp.go('sites');
    await expect(other.page.getByText(/石桥局站|Shiqiao exchange/)).toHaveCount(0);
  });
});
