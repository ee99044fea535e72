import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { context, openLaptop } from '#test/support/laptop-host.ts';

test('[H44] settings that are changed at the same time all stand, also after a start', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'faultline-settings-'));
  const host = await openLaptop(dir, 'a');
  const { app } = host.handlers;
  // So do two windows, or somebody who is quicker than the disk.
  await Promise.all([
    app.setSettings({ language: 'zh-CN' }, context),
    app.setSettings({ theme: 'dark' }, context),
    app.setSettings({ density: 'compact' }, context),
  ]);
  const wanted = { language: 'zh-CN', theme: 'dark', density: 'compact' };
  expect((await app.info({}, context)).settings).toMatchObject(wanted);
  await host.close();
  const again = await openLaptop(dir, 'a');
  expect((await again.handlers.app.info({}, context)).settings).toMatchObject(wanted);
  await again.close();
  await rm(dir, { recursive: true, force: true });
});
