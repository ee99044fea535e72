import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { aPng } from '#test/support/pictures.ts';
import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look, takePicture } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { choose } from '../pages/choice.ts';
import { Sync } from '../pages/sync.ts';
import { Ticket } from '../pages/ticket.ts';

const ADMIN = {
  id: 'he.jing',
  name: '何静',
  roles: ['admin' as const],
  homeRegion: 'sz',
  password: 'office only',
};
const PASSPHRASE = 'three words on a note';

test('what waits is shown, foretold, carried by hand to another laptop, and arrives once', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice();
  const number = await office.openTicket('整流模块 R2 通信中断');
  const [mine, other] = [await newDevice(), await newDevice()];
  const app = await connectLaptop(mine, office, 'li.wei');
  const otherApp = await connectLaptop(other, office, 'zhang.min');
  const { page } = mine;
  const sync = new Sync(page);
  const otherSync = new Sync(other.page);
  const ticket = new Ticket(page);

  await test.step('with nothing to send the screen says so', async () => {
    await app.go('sync');
    await expect(sync.items).toHaveCount(0);
    await look(page, 'unsynced-empty');
  });

  await test.step('offline, facts and a photo wait, and the screen tells what will happen', async () => {
    for (const [side, switches] of [
      [app, sync],
      [otherApp, otherSync],
    ] as const) {
      await side.go('sync');
      await switches.stayOffline(true);
      await side.isConnected('offline');
    }
    await app.go('tickets');
    await ticket.open(number);
    await page.keyboard.press('a');
    await ticket.stands('accepted');
    await ticket.note('R2 指示灯不亮,已重新插拔');
    await ticket.openTool('document');
    const photo = Buffer.from(aPng({ width: 400, height: 300 }));
    await page
      .getByTestId('photo-input')
      .setInputFiles({ name: 'R2.png', mimeType: 'image/png', buffer: photo });
    await expect(page.getByTestId('document-row')).toHaveCount(1);
    await page.getByTestId('tab-close').click();
    await app.go('sync');
    await expect(sync.items).toHaveCount(3);
    await expect(sync.blobs).toHaveCount(1);
    await expect(sync.preview).toContainText('3');
    await expect(sync.items.first()).toContainText(number);
    await look(page, 'unsynced-offline');
  });

  await test.step('a metered network is remembered over a reload', async () => {
    await choose(sync.metered, 'on');
    await expect(sync.metered.locator('input[value=on]')).toBeChecked();
    await choose(sync.metered, 'off');
    await page.reload();
    await app.isReady();
    await app.go('sync');
    await expect(sync.metered.locator('input[value=off]')).toBeChecked();
    await expect(sync.items.first()).toContainText(number);
    await takePicture(page, 'unsynced-waiting');
  });

  let file = '';
  await test.step('everything unsent goes into one encrypted file', async () => {
    await page.getByTestId('sync-export').click();
    await page.getByTestId('bundle-passphrase').fill(PASSPHRASE);
    await page.getByTestId('bundle-again').fill('another one');
    await expect(page.getByTestId('bundle-submit')).toBeDisabled();
    await look(page, 'unsynced-export');
    await page.getByTestId('bundle-again').fill(PASSPHRASE);
    await page.getByTestId('bundle-submit').click();
    await expect(page.getByTestId('bundle-result')).toContainText('3');
    await look(page, 'unsynced-exported');
    await page.keyboard.press('Escape');
    const folder = path.join(mine.dataDir, 'exports');
    file = path.join(folder, (await readdir(folder))[0]!);
    await expect(sync.items).toHaveCount(3);
  });

  await test.step('the other laptop takes it in, not with a wrong passphrase, and delivers it', async () => {
    await other.page.getByTestId('sync-import').click();
    await other.page.getByTestId('bundle-path').fill(file);
    await other.page.getByTestId('bundle-passphrase').fill('not the passphrase');
    await other.page.getByTestId('bundle-submit').click();
    await expect(other.page.getByTestId('bundle-trouble')).not.toBeEmpty();
    await look(other.page, 'unsynced-import-refused');
    await other.page.getByTestId('bundle-passphrase').fill(PASSPHRASE);
    await other.page.getByTestId('bundle-submit').click();
    await expect(other.page.getByTestId('bundle-result')).toContainText('3');
    await look(other.page, 'unsynced-imported');
    await other.page.keyboard.press('Escape');
    await otherSync.stayOffline(false);
    await otherApp.isConnected('online');
    await otherApp.isAllSent();
    await expect
      .poll(async () => (await office.events()).filter(({ type }) => type === 'ticket.noted').length)
      .toBe(1);
  });

  await test.step('when the first laptop comes back, nothing is doubled', async () => {
    await sync.stayOffline(false);
    await app.isConnected('online');
    await app.isAllSent();
    const events = await office.events();
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const byLiWei = events.filter(({ actor }) => actor === 'li.wei');
    expect(byLiWei.map(({ type }) => type).sort()).toEqual([
      'ticket.accepted',
      'ticket.evidenceAttached',
      'ticket.noted',
    ]);
  });
});

test('what the server refuses is shown with its reason, corrected and sent again, or given up', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ refusedWord: '微信' });
  const first = await office.openTicket('直流输出欠压');
  const second = await office.openTicket('风扇故障');
  const device = await newDevice();
  const { page } = device;
  const app = await connectLaptop(device, office, 'li.wei');
  const sync = new Sync(page);
  const ticket = new Ticket(page);
  for (const number of [first, second]) {
    await ticket.open(number);
    await ticket.note('照片已用微信发给刘工');
  }
  await app.go('sync');
  await expect(sync.refused).toHaveCount(2);
  await look(page, 'unsynced-refused');

  await sync.refused.filter({ hasText: first }).getByTestId('unsynced-resend').click();
  await look(page, 'unsynced-resend');
  await page.getByTestId('resend-text').fill('照片已用邮件发给刘工');
  await page.getByTestId('resend-submit').click();
  await expect(sync.refused).toHaveCount(1);

  const discard = sync.refused.getByTestId('unsynced-discard');
  await discard.click();
  await look(page, 'unsynced-discard');
  await discard.click();
  await expect(sync.refused).toHaveCount(0);
  await app.isAllSent();
  const notes = (await office.events()).filter(({ type }) => type === 'ticket.noted');
  expect(notes.map(({ data }) => data['text'])).toEqual(['照片已用邮件发给刘工']);
});

test('what was written for a region that was taken away since is kept, and the office decides', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ accounts: [ADMIN] });
  await office.administer(ADMIN, 'PUT', 'regions/gz', { nameZh: '广州', nameEn: 'Guangzhou' });
  await office.administer(ADMIN, 'PATCH', 'users/li.wei', { regions: ['gz'] });
  const device = await newDevice();
  const { page } = device;
  const app = await connectLaptop(device, office, 'li.wei');
  const number = await office.openTicket('风扇故障', 'li.wei', 'gz', ADMIN);
  const sync = new Sync(page);
  const ticket = new Ticket(page);
  await ticket.open(number);
  await app.go('sync');
  await sync.stayOffline(true);
  await app.isConnected('offline');
  await app.go('tickets');
  await ticket.note('风扇已更换,转速正常');
  await office.administer(ADMIN, 'PATCH', 'users/li.wei', { regions: [] });
  await app.go('sync');
  await sync.stayOffline(false);
  await expect(sync.items).toHaveAttribute('data-state', 'quarantined');
  await look(page, 'unsynced-quarantined');
  await app.go('tickets');
  await expect(ticket.row(number)).toHaveCount(0);
});

test("who imports a colleague's file hears which of its facts the server refused and why", async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice({ refusedWord: '微信' });
  const number = await office.openTicket('直流输出欠压');
  const [mine, other] = [await newDevice(), await newDevice()];
  const app = await connectLaptop(mine, office, 'li.wei');
  const otherApp = await connectLaptop(other, office, 'zhang.min');
  await app.go('sync');
  await new Sync(mine.page).stayOffline(true);
  await app.isConnected('offline');
  await app.go('tickets');
  const ticket = new Ticket(mine.page);
  await ticket.open(number);
  await ticket.note('限流已调整');
  await ticket.note('照片已用微信发给刘工');
  await app.go('sync');
  await mine.page.getByTestId('sync-export').click();
  await mine.page.getByTestId('bundle-passphrase').fill(PASSPHRASE);
  await mine.page.getByTestId('bundle-again').fill(PASSPHRASE);
  await mine.page.getByTestId('bundle-submit').click();
  await expect(mine.page.getByTestId('bundle-result')).not.toBeEmpty();
  const folder = path.join(mine.dataDir, 'exports');

  await otherApp.go('sync');
  await other.page.getByTestId('sync-import').click();
  await other.page.getByTestId('bundle-path').fill(path.join(folder, (await readdir(folder))[0]!));
  await other.page.getByTestId('bundle-passphrase').fill(PASSPHRASE);
  await other.page.getByTestId('bundle-submit').click();
  await expect(other.page.getByTestId('bundle-result')).toContainText('2');
  await other.page.keyboard.press('Escape');
  const denied = other.page.getByTestId('sync-carried-denied');
  await expect(denied).toContainText(number, { timeout: 30_000 });
  await look(other.page, 'unsynced-carried-denied');
  await other.page.getByTestId('sync-denied-seen').click();
  await expect(denied).toHaveCount(0);
  const notes = (await office.events()).filter(({ type }) => type === 'ticket.noted');
  expect(notes.map(({ data }) => data['text'])).toEqual(['限流已调整']);
});
