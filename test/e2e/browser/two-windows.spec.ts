import type { Page } from '@playwright/test';
import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look } from '../fixtures/look.ts';
import { say } from '../fixtures/say.ts';
import { expect, test } from '../fixtures/test.ts';
import { App } from '../pages/app.ts';
import { Ticket } from '../pages/ticket.ts';

test.use({ allowed: [/ERR_FAILED/] });

test('[H15] a second tab says that the first has the work, takes it over, and gives it back; neither shows an old list', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(180_000);
  const office = await newOffice();
  const number = await office.openTicket('R2 通信中断');
  const device = await newDevice();
  const first = device.page;
  await connectLaptop(device, office, 'li.wei');
  const ticket = new Ticket(first);
  await ticket.open(number);

  const second = await device.openTab();
  const elsewhere = (page: Page) => page.getByTestId('host-elsewhere');

  await test.step('the second tab waits, and the first works on', async () => {
    await expect(elsewhere(second)).toContainText(say('已在另一个窗口打开', 'Open in another window'));
    await look(second, 'second-tab');
    await ticket.note('第一个窗口');
  });

  await test.step('the second takes over: all is there, and the first says so and shows nothing old', async () => {
    await elsewhere(second).getByRole('button').click();
    await new App(second).isReady();
    const there = new Ticket(second);
    await there.open(number);
    await expect(there.events('ticket.noted')).toContainText('第一个窗口');
    await expect(elsewhere(first)).toContainText(say('另一个窗口继续', 'goes on in another window'));
    await expect(ticket.row(number)).toHaveCount(0);
    await look(first, 'first-tab-taken');
    await there.note('第二个窗口');
  });

  await test.step('the first takes it back', async () => {
    await elsewhere(first).getByRole('button').click();
    await expect(elsewhere(second)).toBeVisible();
    await expect(elsewhere(first)).toHaveCount(0);
    await ticket.open(number);
    await expect(ticket.events('ticket.noted')).toHaveCount(2);
    await second.close();
    await new App(first).isAllSent();
    const notes = (await office.events()).filter(({ type }) => type === 'ticket.noted');
    expect(notes).toHaveLength(2);
  });
});

test('[ST39] a store that stops, or does not start, says so and is restarted; nothing is lost', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(180_000);
  const office = await newOffice();
  const number = await office.openTicket('R2 通信中断');
  const device = await newDevice();
  const { page } = device;
  await connectLaptop(device, office, 'li.wei');
  const ticket = new Ticket(page);
  await ticket.open(number);
  const ended = page.getByTestId('store-ended');

  await test.step('it dies', async () => {
    for (const worker of page.workers()) await worker.evaluate(() => self.close());
    await expect(ended).toContainText(say('本地数据库已停止', 'The local database has stopped'));
    await look(page, 'store-ended');
    await ended.getByRole('button').click();
    await expect(ended).toHaveCount(0);
    await ticket.open(number);
    await ticket.note('重新启动之后');
    await expect(ticket.events('ticket.noted')).toContainText('重新启动之后');
  });

  await test.step('it does not load', async () => {
    await page.route(/\/store\.worker-[^/]*\.js$/, (route) => route.abort());
    await page.reload();
    await expect(ended).toContainText(say('未能启动', 'could not be started'));
    await look(page, 'store-not-started');
    await page.unroute(/\/store\.worker-[^/]*\.js$/);
    await ended.getByRole('button').click();
    await expect(ended).toHaveCount(0);
    await ticket.open(number);
    await expect(ticket.events('ticket.noted')).toContainText('重新启动之后');
  });
});
