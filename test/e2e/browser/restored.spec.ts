import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look } from '../fixtures/look.ts';
import { say } from '../fixtures/say.ts';
import { expect, test } from '../fixtures/test.ts';
import { Sync } from '../pages/sync.ts';
import { Ticket } from '../pages/ticket.ts';

test('a server that comes back from a backup gets the work of the day once more from an open laptop', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(240_000);
  const office = await newOffice();
  const number = await office.openTicket('整流模块 R2 通信中断');
  const device = await newDevice();
  const { page } = device;
  const app = await connectLaptop(device, office, 'li.wei');
  const sync = new Sync(page);
  const ticket = new Ticket(page);
  await ticket.open(number);
  await ticket.note('昨天:R2 已重新插拔');
  await app.isAllSent();
  const backup = await office.backUp();
  await ticket.note('今天:R2 已更换');
  await page.keyboard.press('a');
  await ticket.stands('accepted');
  await app.isAllSent();
  await office.restore(backup);

  await test.step('everybody signs in again; until then everything waits', async () => {
    await app.isConnected('needsLogin', 30_000);
    await expect(app.connection).toHaveText(say('服务器已恢复,请重新登录', 'Server restored: sign in again'));
    await app.go('sync');
    await expect(page.getByTestId('sync-trouble')).toContainText(
      say('服务器已从备份恢复', 'The server was restored from a backup'),
    );
    await expect(sync.items).toHaveCount(3);
    await expect(page.getByTestId('sync-again')).toContainText(
      say('服务器已从备份恢复', 'The server was restored from a backup'),
    );
    await look(page, 'restored-login');
  });

  await test.step('what the backup did not have is there again', async () => {
    await sync.logIn('demo');
    await app.isConnected('online', 30_000);
    await app.isAllSent();
    await expect(page.getByTestId('sync-again')).toHaveCount(0);
    await look(page, 'restored-online');
    await app.go('tickets');
    await ticket.stands('accepted');
    await expect(ticket.events('ticket.noted')).toHaveCount(2);
    const mine = (await office.events()).filter(({ actor }) => actor === 'li.wei');
    expect(mine.map(({ type }) => type).sort()).toEqual(['ticket.accepted', 'ticket.noted', 'ticket.noted']);
  });
});
