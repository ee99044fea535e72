import { randomBytes } from 'node:crypto';
import { readdir, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { aPng } from '#test/support/pictures.ts';
import { startTcpProxy } from '#test/support/tcp-proxy.ts';
import { FAULTY, startGateway } from '../fixtures/gateway.ts';
import { connectLaptop } from '../fixtures/laptop-of.ts';
import { STORY_LANGUAGE, look } from '../fixtures/look.ts';
import { say } from '../fixtures/say.ts';
import { expect, test } from '../fixtures/test.ts';
import { choose } from '../pages/choice.ts';
import { FirstStart } from '../pages/first-start.ts';
import { Sync } from '../pages/sync.ts';
import { Ticket } from '../pages/ticket.ts';

/** A photo of seven megabytes: more than a metered network carries, and a while on a slow line. */
function largePhoto(): Buffer {
  const [width, height] = [1_500, 1_500];
  const rows = randomBytes((width * 3 + 1) * height);
  // Each row begins with its filter; 0 is none.
  for (let row = 0; row < height; row++) rows[row * (width * 3 + 1)] = 0;
  return Buffer.from(aPng({ width, height, rows }));
}

test('a large photo waits behind a metered network, then travels with rate and time left', async ({
  newDevice,
  newOffice,
  folder,
}) => {
  test.setTimeout(300_000);
  const photo = path.join(folder, 'R2.png');
  await writeFile(photo, largePhoto());
  const office = await newOffice();
  const number = await office.openTicket('整流模块 R2 通信中断');
  const line = await startTcpProxy(office.url);
  try {
    const device = await newDevice();
    const { page } = device;
    const app = await connectLaptop(device, line, 'li.wei');
    const sync = new Sync(page);
    const ticket = new Ticket(page);

    await test.step('facts travel, the photo does not', async () => {
      await app.go('sync');
      await choose(sync.metered, 'on');
      await app.go('tickets');
      await ticket.open(number);
      await ticket.openTool('document');
      await page.getByTestId('photo-input').setInputFiles(photo);
      await expect(page.getByTestId('document-row')).toHaveCount(1, { timeout: 30_000 });
      await page.getByTestId('tab-close').click();
      await app.go('sync');
      await expect(sync.items).toHaveCount(0);
      await expect(sync.blobs).toHaveAttribute('data-state', 'metered');
      await expect(sync.blobs).toContainText(say('等待非计费网络', 'a network that is not metered'));
      await look(page, 'unsynced-metered');
    });

    await test.step('on a slow line the transfer tells how much, how fast and how long still', async () => {
      line.set({ k: 'slow', bytesPerSecond: 150_000 });
      line.resetAll();
      await choose(sync.metered, 'off');
      const transfer = page.getByTestId('sync-transfer');
      await expect(transfer).toBeVisible({ timeout: 30_000 });
      await expect(transfer).toContainText(say('正在发送附件', 'Sending attachments'));
      await expect(transfer).toContainText(/\/(s|秒)/, { timeout: 30_000 });
      await expect(transfer).toContainText(say('剩余', 'left'), { timeout: 30_000 });
      await expect(sync.blobs).toHaveAttribute('data-state', 'sending');
      await look(page, 'unsynced-transfer');
      line.set({ k: 'open' });
      await app.isAllSent();
      await expect(transfer).toHaveCount(0);
    });
  } finally {
    await line.close();
  }
});

test('a server that takes requests and never answers: what waits since when is said, and flows again by itself', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice();
  const number = await office.openTicket('蓄电池组电压低');
  const device = await newDevice({ syncTiming: { answerMs: 2_000 } });
  const { page } = device;
  const app = await connectLaptop(device, office, 'li.wei');
  const sync = new Sync(page);
  const ticket = new Ticket(page);
  await ticket.open(number);
  office.freeze();
  await ticket.note('单体电压已逐节测量');
  await app.go('sync');
  const stuck = page.getByTestId('sync-stuck');
  await expect(stuck).toContainText(say('1', '1 item has been waiting since'), { timeout: 30_000 });
  await expect(stuck).toContainText(say('一直没有回应', 'never answered'));
  await expect(sync.items).toHaveCount(1);
  await look(page, 'unsynced-stuck');
  office.thaw();
  await app.isConnected('online', 60_000);
  await app.isAllSent();
  await expect(stuck).toHaveCount(0);
});

test('a server that no longer speaks with this version still takes what waits, and says what to do', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice();
  const number = await office.openTicket('风扇故障');
  const gateway = await startGateway(office.url);
  try {
    const device = await newDevice();
    const { page } = device;
    const app = await connectLaptop(device, gateway, 'li.wei');
    const sync = new Sync(page);
    const ticket = new Ticket(page);
    await ticket.open(number);
    gateway.be('newer');
    await ticket.note('风扇已更换,转速正常');
    await app.go('sync');
    await sync.now();
    await app.isConnected('otherVersion', 30_000);
    await expect(page.getByTestId('sync-page')).toContainText(say('可以继续工作', 'You can go on working'));
    await look(page, 'unsynced-other-version');
    await expect
      .poll(async () => (await office.events()).filter(({ type }) => type === 'ticket.noted').length)
      .toBe(1);

    gateway.be('portal');
    await app.go('tickets');
    await ticket.note('转速稳定');
    await app.go('sync');
    await sync.now();
    await app.isConnected('offline', 30_000);
    await expect(page.getByTestId('sync-page')).toContainText(say('登录', 'sign-in'));
    await look(page, 'unsynced-portal');

    gateway.be('open');
    await sync.now();
    await app.isConnected('online', 30_000);
    await app.isAllSent();
  } finally {
    await gateway.close();
  }
});

test('[SY85] a server that fails at one fact and at the photo takes in everything else; of those two it is said why they wait', async ({
  newDevice,
  newOffice,
  folder,
}) => {
  test.setTimeout(300_000);
  const photo = path.join(folder, 'R7.png');
  await writeFile(photo, aPng({ width: 2, height: 2, rows: Buffer.alloc(14) }));
  const office = await newOffice();
  const number = await office.openTicket('整流模块 R2 通信中断');
  const other = await office.openTicket('风扇故障');
  const gateway = await startGateway(office.url);
  try {
    const device = await newDevice();
    const { page } = device;
    const app = await connectLaptop(device, gateway, 'li.wei');
    const sync = new Sync(page);
    const ticket = new Ticket(page);
    gateway.be('faulty');
    await ticket.open(number);
    await ticket.note(`${FAULTY} 亦无通信`);
    await ticket.note('背板已检查');
    await ticket.openTool('document');
    await page.getByTestId('photo-input').setInputFiles(photo);
    await expect(page.getByTestId('document-row')).toHaveCount(1, { timeout: 30_000 });
    await page.getByTestId('tab-close').click();
    await ticket.open(other);
    await ticket.note('风扇已更换');
    await expect
      .poll(async () => (await office.events()).filter(({ type }) => type === 'ticket.noted').length, {
        timeout: 30_000,
      })
      .toBe(1);

    await app.go('sync');
    await expect(sync.items.first()).toContainText(FAULTY);
    await expect(sync.items.first()).toContainText(say('服务器出现故障', 'The server had a fault'));
    await expect(sync.items.nth(1)).toContainText(say('暂未接收', 'does not take in yet'));
    await expect(sync.blobs).toContainText(say('服务器出现故障', 'The server had a fault'));
    await expect(sync.blobs.locator('td').last()).toHaveText(/^(现在|\d+ 秒后|now|in \d+ s)$/);
    await app.isConnected('online');
    await look(page, 'unsynced-faulty');

    gateway.be('open');
    await app.isAllSent();
    await expect(sync.blobs).toHaveCount(0);
  } finally {
    await gateway.close();
  }
});

test('behind the page of a hotel network the first start says so', async ({ newDevice, newOffice }) => {
  test.setTimeout(120_000);
  const office = await newOffice();
  const gateway = await startGateway(office.url);
  gateway.be('portal');
  try {
    const { page } = await newDevice();
    const start = new FirstStart(page);
    await start.isShown();
    await start.choose(STORY_LANGUAGE);
    await start.connect(gateway.url, 'li.wei');
    await expect(start.trouble).toContainText(say('登录', 'sign'));
    await look(page, 'start-portal');
  } finally {
    await gateway.close();
  }
});

test('a file of unsent work that was cut off is not taken in, and says so', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(120_000);
  const office = await newOffice();
  const number = await office.openTicket('直流输出欠压');
  const [mine, other] = [await newDevice(), await newDevice()];
  const app = await connectLaptop(mine, office, 'li.wei');
  const otherApp = await connectLaptop(other, office, 'zhang.min');
  const sync = new Sync(mine.page);
  await app.go('sync');
  await sync.stayOffline(true);
  await app.go('tickets');
  const ticket = new Ticket(mine.page);
  await ticket.open(number);
  await ticket.note('限流已调整');
  await app.go('sync');
  await mine.page.getByTestId('sync-export').click();
  await mine.page.getByTestId('bundle-passphrase').fill('three words on a note');
  await mine.page.getByTestId('bundle-again').fill('three words on a note');
  await mine.page.getByTestId('bundle-submit').click();
  await expect(mine.page.getByTestId('bundle-result')).not.toBeEmpty();
  const folder = path.join(mine.dataDir, 'exports');
  const file = path.join(folder, (await readdir(folder))[0]!);
  await truncate(file, 200);
  await otherApp.go('sync');
  await other.page.getByTestId('sync-import').click();
  await other.page.getByTestId('bundle-path').fill(file);
  await other.page.getByTestId('bundle-passphrase').fill('three words on a note');
  await other.page.getByTestId('bundle-submit').click();
  await expect(other.page.getByTestId('bundle-trouble')).toContainText(say('被截断', 'cut off'));
  await look(other.page, 'unsynced-import-damaged');
});
