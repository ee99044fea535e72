import { expect, test } from './shell-test.ts';

test.describe('ports', () => {
  test('the page calls the host through the one port it was handed', async ({ launch }) => {
    const { page } = await launch();
    expect(await page.evaluate(() => globalThis.fixture.ports)).toBe(1);
    expect(await page.evaluate(() => globalThis.fixture.call('shell.add', { a: 2, b: 3 }))).toEqual({
      sum: 5,
    });
    const bytes = await page.evaluate(async () => {
      const answer = await globalThis.fixture.call('shell.reverse', { bytes: new Uint8Array([1, 2, 255]) });
      return [...(answer as { bytes: Uint8Array }).bytes];
    });
    expect(bytes).toEqual([255, 2, 1]);
    expect(await page.evaluate(() => globalThis.fixture.listen('shell.count', { to: 500 }))).toHaveLength(
      500,
    );
  });

  test('a second load gets a fresh port and the first is closed', async ({ launch }) => {
    const { page } = await launch();
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('data-app-state', 'ready');
    await expect
      .poll(() => page.evaluate(() => globalThis.fixture.call('shell.attached', {})))
      .toEqual({ times: 2, closed: 1 });
    expect(await page.evaluate(() => globalThis.fixture.call('shell.add', { a: 1, b: 1 }))).toEqual({
      sum: 2,
    });
  });

  test('a worker runs apart from the main process and answers over its own port', async ({
    launch,
    runtime,
  }) => {
    const { app, page } = await launch({ env: { NODE_PATH: '/somewhere' } });
    const answer = (await page.evaluate(() =>
      globalThis.fixture.call('shell.askWorker', { a: 20, b: 22 }),
    )) as {
      sum: number;
      pid: number;
      thread: number;
      environment: string[];
    };
    expect(answer.sum).toBe(42);
    expect(answer.environment).not.toContain('NODE_PATH');
    // The stand-in has threads instead of processes: ports cannot be handed to a process of Node.
    if (runtime === 'electron') expect(answer.pid).not.toBe(await app.evaluate(() => process.pid));
    else expect(answer.thread).toBeGreaterThan(0);
  });
});
