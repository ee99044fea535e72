import { cp } from 'node:fs/promises';
import path from 'node:path';
import { FakeTime } from '#test/support/fake-time.ts';
import { connectLaptop } from '../fixtures/laptop-of.ts';
import { STORY_LANGUAGE, takePicture } from '../fixtures/look.ts';
import { say } from '../fixtures/say.ts';
import { expect, test } from '../fixtures/test.ts';
import { HOST_GONE } from '../fixtures/troubles.ts';
import { App } from '../pages/app.ts';
import { NewTicket, type Call } from '../pages/new-ticket.ts';
import { Sync } from '../pages/sync.ts';
import { Ticket } from '../pages/ticket.ts';

test.use({ allowed: [HOST_GONE] });

const CALL: Call = {
  customer: say('东岭', 'Dongling'),
  site: say('石桥', 'Shiqiao'),
  asset: say('开关电源', 'power system'),
  contact: '刘工',
  symptom: 'R2 通信中断',
  environment: '31 C',
  assignee: say('李伟', 'Li Wei'),
};
const TODAY = say('今天', 'Today');

for (const [date, off] of [
  ['1970-01-02', say('慢', 'slow')],
  ['2099-06-01', say('快', 'fast')],
] as const) {
  test(`[S11] on a laptop whose clock says ${date} work goes on, is told what is wrong, and has the right time everywhere`, async ({
    newDevice,
    newOffice,
    folder,
  }) => {
    test.setTimeout(180_000);
    const time = FakeTime.in(folder);
    test.skip(time === undefined, 'NOT RUN: libfaketime is not installed');
    if (time === undefined) return;
    time.shift(Date.parse(`${date}T08:00:00Z`) - Date.now());
    const office = await newOffice();
    const [wrong, right] = await Promise.all([newDevice({ time }), newDevice()]);
    const { page } = wrong;
    const [app] = await Promise.all([
      connectLaptop(wrong, office, 'zhang.min'),
      connectLaptop(right, office, 'li.wei'),
    ]);
    const [ticket, theirs] = [new Ticket(page), new Ticket(right.page)];
    const strange = /1970|2099|\d{4,}\s*(天|days)|\d\s*(年|years)|[-−]\d/;

    await test.step('a ticket is made, saved and sent', async () => {
      await new NewTicket(page).takeByKeyboard(CALL);
      await ticket.stands('assigned');
      await app.isAllSent();
      await expect(page.getByTestId('status-refused')).toHaveCount(0);
    });
    const number = await ticket.number.innerText();

    await test.step('its promises and times are those of the server', async () => {
      for (const promise of ['respond', 'restore', 'resolve'] as const)
        await ticket.promise(promise, 'running');
      await expect(ticket.timeline).toHaveCount(3);
      await expect(page.getByTestId('timeline')).toContainText(TODAY);
      await expect(page.getByTestId('promises')).not.toContainText(strange);
      await expect(page.getByTestId('timeline')).not.toContainText(strange);
      await takePicture(page, `clock-${date}-ticket-${STORY_LANGUAGE}`);
    });

    await test.step('the screen says that the clock is wrong, by how much, and what that means', async () => {
      await expect(page.getByTestId('status-clock')).toContainText(off);
      await expect(page.getByTestId('status-clock')).toContainText(/\d\d\s*(年|years)/);
      await page.getByTestId('status-clock').click();
      await expect(page.getByTestId('sync-clock')).toContainText(off);
      await expect(page.getByTestId('sync-clock')).toContainText(say('服务器时间', "server's clock"));
      await expect(new Sync(page).items).toHaveCount(0);
      await takePicture(page, `clock-${date}-sync-${STORY_LANGUAGE}`);
    });

    await test.step('a colleague with a right clock sees a ticket of today, and answers in time', async () => {
      await theirs.open(number);
      await expect(right.page.getByTestId('status-clock')).toHaveCount(0);
      await expect(right.page.getByTestId('timeline')).toContainText(TODAY);
      await right.page.keyboard.press('a');
      await theirs.stands('accepted');
      await theirs.promise('respond', 'met');
      await theirs.promise('restore', 'running');
      for (const part of ['timeline', 'promises'])
        await expect(right.page.getByTestId(part)).not.toContainText(strange);
      await expect(right.page.locator('main')).not.toContainText(/1970|2099/);
      await expect(theirs.events('ticket.opened').locator('time')).toHaveAttribute(
        'title',
        new RegExp(date.slice(0, 4)),
      );
      await takePicture(right.page, `clock-${date}-colleague-${STORY_LANGUAGE}`);
    });

    await test.step('which the first laptop sees after its own', async () => {
      await app.go('tickets');
      await ticket.stands('accepted');
      await expect(ticket.timeline).toHaveCount(4);
      await expect(ticket.timeline.last()).toHaveAttribute('data-type', 'ticket.accepted');
      await ticket.promise('respond', 'met');
      await expect(page.getByTestId('promises')).not.toContainText(strange);
    });
  });
}

test('[SY99] of a copied data folder the second becomes a laptop of its own, says why, and both see what both wrote', async ({
  newDevice,
  newOffice,
  folder,
}) => {
  test.setTimeout(180_000);
  const office = await newOffice();
  const number = await office.openTicket('直流输出欠压');
  const first = await newDevice();
  const app = await connectLaptop(first, office, 'li.wei');
  const ticket = new Ticket(first.page);
  const code = await codeOf(first.page);
  await ticket.open(number);

  const copy = path.join(folder, 'copy');
  await cp(first.dataDir, copy, { recursive: true });
  const second = await newDevice({ dataDir: copy });
  const secondApp = new App(second.page);
  const secondTicket = new Ticket(second.page);
  await secondApp.isReady();
  // A login is kept in memory, or in a vault: it is not in the copy.
  await secondApp.isConnected('needsLogin', 30_000);
  await secondApp.go('sync');
  await expect(second.page.getByTestId('sync-trouble')).toContainText(say('复制', 'copy'));
  await new Sync(second.page).logIn('demo');
  await secondApp.isConnected('online', 30_000);
  await secondApp.go('tickets');
  await secondTicket.open(number);

  await Promise.all([ticket.note('一号电脑:电压 48.2 V'), secondTicket.note('二号电脑:端子已紧固')]);
  await secondApp.isAllSent();
  // Both are one device until they have been told apart, and a device has one login.
  await app.isConnected('needsLogin', 30_000);
  await expect(first.page.getByTestId('status-connection')).toHaveAttribute('title', /复制|copied/);
  await app.go('sync');
  await expect(first.page.getByTestId('sync-trouble')).toContainText(say('复制', 'copied'));
  await new Sync(first.page).logIn('demo');
  await app.isAllSent();
  await app.isConnected('online', 30_000);
  await app.go('tickets');
  // From here on they are two; the login that the first took from it is the second's again.
  await secondApp.isConnected('needsLogin', 30_000);
  await secondApp.go('sync');
  await new Sync(second.page).logIn('demo');
  await secondApp.isConnected('online', 30_000);
  await secondApp.go('tickets');
  for (const one of [ticket, secondTicket]) {
    await expect(one.events('ticket.noted')).toHaveCount(2, { timeout: 30_000 });
    await expect(one.timeline.filter({ hasText: '一号电脑' })).toHaveCount(1);
    await expect(one.timeline.filter({ hasText: '二号电脑' })).toHaveCount(1);
  }

  const laptops = [
    { page: first.page, app },
    { page: second.page, app: secondApp },
  ];
  const told: string[] = [];
  for (const { page, app: one } of laptops) {
    await one.go('sync');
    await expect(page.getByTestId('sync-page')).toBeVisible();
    const now = await codeOf(page);
    if (now === code) {
      await expect(page.getByTestId('sync-renewed')).toHaveCount(0);
      continue;
    }
    told.push(now);
    const renewed = page.getByTestId('sync-renewed');
    await expect(renewed).toContainText(code);
    await expect(renewed).toContainText(now);
    await expect(renewed).toContainText(/\d\d:\d\d/);
    await expect(renewed).toContainText(say('复制', 'copied profile'));
    await takePicture(page, `copy-${STORY_LANGUAGE}`);
  }
  // Which of the two it is, is up to who comes first.
  expect(told).toHaveLength(1);
});

/** The laptop's code, as the status bar ends with it. */
async function codeOf(page: App['page']): Promise<string> {
  return (await page.getByTestId('status-bar').innerText()).split(' · ').at(-1)!.trim();
}
