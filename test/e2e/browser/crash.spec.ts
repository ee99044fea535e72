import type { Device } from '../fixtures/device.ts';
import { STORY_LANGUAGE, look } from '../fixtures/look.ts';
import { refuseDatabase } from '../fixtures/refuse-database.ts';
import { say } from '../fixtures/say.ts';
import { expect, test } from '../fixtures/test.ts';
import { HOST_GONE } from '../fixtures/troubles.ts';
import { App } from '../pages/app.ts';
import { FirstStart } from '../pages/first-start.ts';
import { NewTicket } from '../pages/new-ticket.ts';
import { Parts } from '../pages/parts.ts';
import { Sync } from '../pages/sync.ts';
import { Terminal } from '../pages/terminal.ts';
import { Ticket } from '../pages/ticket.ts';

const CALL = {
  customer: '东岭',
  site: '石桥',
  asset: '开关电源',
  contact: '刘工',
  symptom: 'R2 整流模块通信中断',
  environment: '二层电力室',
  assignee: '李伟',
} as const;

test.use({ allowed: [HOST_GONE] });

test('kill -9 right after the screen said saved loses nothing, whatever was done last', async ({
  newDevice,
  newOffice,
  newSshd,
}) => {
  test.setTimeout(240_000);
  const sshd = await newSshd();
  const office = await newOffice({ device: sshd, database: 'postgres' });
  const laptop = await newDevice();
  await register(laptop, office.url);
  // From here on the server does not answer: what is saved is saved on this laptop alone.
  office.freeze();
  let number = '';
  let saved = 0;

  /** Kills the host and starts it on the same data; the ticket and the count of what waits must be as before. */
  const crash = async (port: 'same' | 'other'): Promise<Ticket> => {
    await laptop.killHost();
    await laptop.startAgain(port);
    const app = new App(laptop.page);
    await app.isReady();
    const ticket = new Ticket(laptop.page);
    await ticket.open(number);
    await expect(app.unsynced).toHaveAttribute('data-count', String(saved));
    return ticket;
  };

  let ticket = await test.step('after a new ticket', async () => {
    await new NewTicket(laptop.page).takeByKeyboard(CALL);
    number = await new Ticket(laptop.page).number.innerText();
    // Opened, graded, assigned.
    saved = 3;
    const again = await crash('same');
    await again.stands('assigned');
    await expect(again.title).toHaveText(CALL.symptom);
    return again;
  });

  ticket = await test.step('after accepting', async () => {
    await laptop.page.keyboard.press('a');
    await ticket.stands('accepted');
    saved += 1;
    const again = await crash('same');
    await again.stands('accepted');
    return again;
  });

  ticket = await test.step('after a note', async () => {
    await ticket.note('电池电压 50.1 V');
    saved += 1;
    const again = await crash('same');
    await expect(again.events('ticket.noted')).toContainText('电池电压 50.1 V');
    return again;
  });

  ticket = await test.step('after a swap', async () => {
    await ticket.openTool('part');
    const parts = new Parts(laptop.page);
    await parts.fillSwap({ slot: 'R2', good: '2102K50201', fault: '通信芯片失效' });
    await parts.swap();
    await parts.isSwapped();
    saved += 1;
    const again = await crash('same');
    await expect(again.events('part.swapped')).toContainText('2102K50201');
    await new App(laptop.page).go('parts');
    const stock = new Parts(laptop.page);
    await stock.show('rma');
    await expect(stock.rma('2102K40118')).toBeVisible();
    await new App(laptop.page).go('tickets');
    return again;
  });

  await test.step('in an open terminal: the recording is kept up to the end', async () => {
    await laptop.page.keyboard.press('c');
    await expect(ticket.dialog('consent')).toBeVisible();
    await ticket.submit('consent');
    saved += 1;
    await ticket.openTool('terminal');
    const terminal = new Terminal(laptop.page);
    await terminal.keepCredential('privateKey', sshd.privateKey);
    await terminal.connect();
    await terminal.trust(sshd.hostKeyFingerprint);
    await terminal.isOpen();
    await terminal.run('echo before-the-crash-$((6*7))');
    await terminal.shows('before-the-crash-42');
    // What the device said is written within a fifth of a second.
    await expect.poll(() => laptop.runningRecording()).toContain('before-the-crash-42');
    await laptop.killHost();
    await laptop.startAgain('same');
    await new App(laptop.page).isReady();
    ticket = new Ticket(laptop.page);
    await ticket.open(number);
    // The page attaches by itself what no event names yet.
    await expect(ticket.evidence('recording')).toHaveCount(1);
    saved += 1;
    await expect(new App(laptop.page).unsynced).toHaveAttribute('data-count', String(saved));
    await ticket.evidence('recording').click();
    await expect(laptop.page.getByTestId('player-screen')).toContainText('before-the-crash-42');
  });

  await test.step('on another port, where the browser has stored nothing: the journal has it all', async () => {
    const again = await crash('other');
    await again.stands('accepted');
    await expect(again.events('ticket.noted')).toHaveCount(1);
    await expect(again.events('part.swapped')).toHaveCount(1);
    await expect(again.evidence('recording')).toHaveCount(1);
  });

  await test.step('and the server gets each fact once', async () => {
    office.thaw();
    const app = new App(laptop.page);
    await app.go('sync');
    await new Sync(laptop.page).logIn('demo');
    await app.isConnected('online');
    await app.isAllSent();
    const types = (await office.events()).filter(({ actor }) => actor === 'li.wei').map(({ type }) => type);
    expect(types.sort()).toEqual(
      [
        'part.swapped',
        'ticket.accepted',
        'ticket.assigned',
        'ticket.consented',
        'ticket.evidenceAttached',
        'ticket.graded',
        'ticket.noted',
        'ticket.opened',
      ].sort(),
    );
    await app.go('parts');
    const parts = new Parts(laptop.page);
    await parts.show('installed');
    await expect(parts.unit('2102K50201')).toContainText('R2');
  });
});

test('the browser takes its storage away under the running app: it is filled again from journal and server', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(120_000);
  const office = await newOffice();
  const laptop = await newDevice();
  const { page } = laptop;
  await register(laptop, office.url);
  const app = new App(page);
  const ticket = new Ticket(page);
  await new NewTicket(page).takeByKeyboard(CALL);
  const number = await ticket.number.innerText();
  await app.isAllSent();
  office.freeze();
  await ticket.note('还没有发送的记录');
  office.thaw();

  await test.step('deleteDatabase', async () => {
    await page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) {
        await new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name ?? '');
          request.addEventListener('success', () => resolve());
          request.addEventListener('error', () => reject(request.error));
        });
      }
    });
    await isWhole();
  });

  await test.step('the storage of the origin is cleared', async () => {
    const devtools = await laptop.context.newCDPSession(page);
    await devtools.send('Storage.clearDataForOrigin', {
      origin: new URL(page.url()).origin,
      storageTypes: 'indexeddb',
    });
    await isWhole();
  });

  /** The list, the unsent note and the directory are there, on the screen and in the new database. */
  async function isWhole(): Promise<void> {
    await expect(ticket.row(number)).toContainText('东岭电信');
    await expect(ticket.row(number)).toContainText('石桥局站');
    await ticket.open(number);
    await expect(ticket.events('ticket.noted')).toContainText('还没有发送的记录');
    await expect
      .poll(() => page.evaluate(async () => (await indexedDB.databases()).length))
      .toBeGreaterThan(0);
    await app.go('sites');
    await expect(page.getByTestId('site').first()).toBeVisible();
    await app.go('tickets');
  }
});

test('a browser that never opens its database says so, work goes on into the journal, and it heals by itself', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(180_000);
  const office = await newOffice();
  const laptop = await newDevice();
  const { page } = laptop;
  await register(laptop, office.url, STORY_LANGUAGE);
  const app = new App(page);
  const disk = await refuseDatabase(page);
  await page.reload();
  const notice = page.getByTestId('notice');
  await expect(notice).toContainText(say('浏览器暂时无法打开本地数据库', 'cannot open its local database'), {
    timeout: 30_000,
  });
  await look(page, 'store-closed');
  await app.go('sync');
  await look(page, 'store-closed-unsynced');
  await app.go('tickets');

  disk.heal();
  await expect(notice).toHaveCount(0, { timeout: 60_000 });
  const number = await office.openTicket('整流模块 R2 通信中断');
  await expect(new Ticket(page).row(number)).toContainText(say('石桥', 'Shiqiao'), { timeout: 30_000 });
});

async function register(laptop: Device, url: string, language: 'zh-CN' | 'en' = 'zh-CN'): Promise<void> {
  const start = new FirstStart(laptop.page);
  await start.isShown();
  await start.choose(language);
  await start.connect(url, 'li.wei');
  const app = new App(laptop.page);
  await app.isReady();
  await app.isConnected('online');
  // The directory is here: the form of a new ticket knows the customers.
  await app.go('sites');
  await expect(laptop.page.getByTestId('site').first()).toBeVisible();
  await app.go('tickets');
}
