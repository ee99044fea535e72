import { startTcpProxy } from '#test/support/tcp-proxy.ts';
import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look } from '../fixtures/look.ts';
import { say } from '../fixtures/say.ts';
import { expect, test } from '../fixtures/test.ts';

test('the first fetch over a slow line tells rate and time left, and goes on where it was cut off', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(240_000);
  const office = await newOffice({ segmentRows: 100 });
  await office.openManyTickets(600);
  const line = await startTcpProxy(office.url);
  try {
    const device = await newDevice();
    const { page } = device;
    line.set({ k: 'slow', bytesPerSecond: 12_000 });
    const app = await connectLaptop(device, line, 'li.wei');
    await app.go('sync');
    const transfer = page.getByTestId('sync-transfer');
    const banner = page.getByTestId('notice');

    await test.step('how much, how fast, how long still', async () => {
      await expect(transfer).toContainText(say('正在获取工作区', 'Fetching the workspace'));
      await expect(app.connection).toContainText(say('正在获取工作区', 'Fetching the workspace'));
      await expect(transfer).toContainText(say('/秒', '/s'), { timeout: 20_000 });
      await expect(transfer).toContainText(say('剩余', 'left'), { timeout: 20_000 });
      await look(page, 'first-fetch');
      await app.go('tickets');
      await look(page, 'first-fetch-queue');
      await app.go('sync');
    });

    await test.step('the line is cut: what is here stays', async () => {
      line.set({ k: 'refused' });
      await app.isConnected('offline');
      await expect(transfer).toHaveCount(0);
      await expect(banner).toContainText(say('尚未全部载入', 'Not all of the workspace is here yet'));
      await look(page, 'first-fetch-cut');
      line.set({ k: 'slow', bytesPerSecond: 12_000 });
      await app.isConnected('online', 30_000);
      // Less is left than there was.
      await expect(transfer).toContainText(say('正在获取工作区', 'Fetching the workspace'), {
        timeout: 30_000,
      });
      await look(page, 'first-fetch-goes-on');
      line.set({ k: 'open' });
      await expect(transfer).toHaveCount(0, { timeout: 30_000 });
      await expect(banner).toHaveCount(0);
      await look(page, 'first-fetch-done');
    });
  } finally {
    await line.close();
  }
});
