import { readFile } from 'node:fs/promises';
import { aPng } from '#test/support/pictures.ts';
import { connectLaptop } from '../fixtures/laptop-of.ts';
import { look, takePicture } from '../fixtures/look.ts';
import { expect, test } from '../fixtures/test.ts';
import { Site } from '../pages/site.ts';
import { Sync } from '../pages/sync.ts';

const DRAWING = {
  name: 'yunting-power.png',
  mimeType: 'image/png',
  buffer: Buffer.from(aPng({ width: 640, height: 480 })),
};
const CONFIGURATION = {
  name: 'smu.cfg',
  mimeType: 'text/plain',
  buffer: Buffer.from('float-voltage 53.5\nboost-voltage 56.4\nlvd1 44.0\nlvd2 43.2\n'),
};

test('a visit is prepared while there is a network: what it needs is fetched, and is there without one', async ({
  newDevice,
  newOffice,
}) => {
  test.setTimeout(300_000);
  const office = await newOffice();
  const [desk, laptop] = [await newDevice(), await newDevice()];
  const deskApp = await connectLaptop(desk, office, 'wang.fang');
  const app = await connectLaptop(laptop, office, 'li.wei');
  const site = new Site(desk.page);
  const mine = new Site(laptop.page);

  await test.step('before anything is kept of the site, the list says what is missing', async () => {
    await app.go('sites');
    await look(laptop.page, 'sites');
    await mine.open('114');
    await mine.prepareVisit();
    for (const code of ['noContract', 'noDocument'])
      await expect(mine.item(code)).toHaveAttribute('data-readiness', 'missing');
    await look(laptop.page, 'visit-missing');
  });

  await test.step('the office writes down contract, drawing and configuration', async () => {
    await deskApp.go('sites');
    await site.open('114');
    await site.add('contract');
    await look(desk.page, 'site-form-contract');
    await site.fillIn({
      number: 'BT-2026-07',
      from: '2026-01-01',
      to: '2099-12-31',
      entitlement: '7x24,4 小时到场',
    });
    await site.pick('calendar', /7×24|Round the clock/);
    await site.save();
    await site.add('document');
    await site.pick('documentKind', /图纸|Drawing/);
    await site.fillIn({ title: '电力室配线图' });
    await site.chooseFile(DRAWING);
    await look(desk.page, 'site-form-document');
    await site.save();
    await site.add('baseline');
    await site.fillIn({ label: '巡检后的配置' });
    await site.chooseFile(CONFIGURATION);
    await look(desk.page, 'site-form-baseline');
    await site.save();
    for (const kind of ['asset', 'contact'] as const) {
      await site.add(kind);
      await takePicture(desk.page, `site-form-${kind}`);
      await desk.page.keyboard.press('Escape');
    }
    await look(desk.page, 'site-view');
    await deskApp.isAllSent();
  });

  await test.step('the engineer fetches them with one press', async () => {
    await laptop.page.getByTestId('prepare-visit').click();
    await mine.prepareVisit();
    await expect(mine.item('document')).toHaveAttribute('data-readiness', 'toFetch', { timeout: 20_000 });
    await expect(mine.item('baseline')).toHaveAttribute('data-readiness', 'toFetch');
    await look(laptop.page, 'visit-to-fetch');
    await laptop.page.getByTestId('visit-fetch').click();
    await expect(mine.verdict).toHaveAttribute('data-readiness', 'here');
    await look(laptop.page, 'visit-ready');
  });

  await test.step('on the way there is no network: everything opens', async () => {
    office.freeze();
    await app.go('sync');
    await new Sync(laptop.page).stayOffline(true);
    await app.go('sites');
    await laptop.page.reload();
    await app.isReady();
    await app.go('sites');
    await mine.open('114');
    await mine.prepareVisit();
    await expect(mine.verdict).toHaveAttribute('data-readiness', 'here');
    const download = laptop.page.waitForEvent('download');
    await mine.view.getByRole('button', { name: /电力室配线图/ }).click();
    const file = await (await download).path();
    expect(await readFile(file)).toEqual(DRAWING.buffer);
  });
});
