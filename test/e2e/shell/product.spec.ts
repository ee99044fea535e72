import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { startSimulatedDevice } from '#test/support/simulated-device.ts';
import { aServiceRecord } from '#test/support/service-record-model.ts';
import type { Shell } from './shell-test.ts';
import { expect, test } from './shell-test.ts';

/** The product's own host and workers as they are packaged; only the page is the specs'. */
test.use({ host: 'product' });

const ask = async <T>({ page }: Shell, method: string, input: object): Promise<T> =>
  (await page.evaluate(([name, given]) => globalThis.fixture.call(name, given), [
    method,
    input,
  ] as const)) as T;

test.describe('the packaged host', () => {
  test('starts in the demo workspace when asked to', async ({ launch }) => {
    const shell = await launch({ args: ['--demo'] });
    expect(await ask(shell, 'app.info', {})).toMatchObject({
      hostKind: 'desktop',
      workspace: { kind: 'demo' },
      capabilities: { nativeMenu: true, nativeDialogs: true },
    });
  });

  test('reads a log in its worker', async ({ launch }) => {
    const shell = await launch();
    const file = path.join(shell.dataDir, 'alarm.log');
    writeFileSync(file, 'rectifier 3 lost\n'.repeat(1000));
    expect(await ask(shell, 'logs.open', { path: file })).toMatchObject({ size: 17_000 });
  });

  test('logs in to a device in its worker, with a secret of the vault', async ({ launch }) => {
    const device = await startSimulatedDevice({ password: 'only here' });
    try {
      const shell = await launch();
      const { id } = await ask<{ id: string }>(shell, 'vault.save', {
        kind: 'password',
        label: 'SMU',
        username: device.username,
        password: device.password,
      });
      const target = { host: device.host, port: device.port };
      const connect = {
        ...target,
        cols: 80,
        rows: 24,
        ticketId: 'ticket/1',
        title: 'SMU',
        username: device.username,
        credentialId: id,
        ground: { kind: 'emergency', reason: 'spec' },
      };
      const first = await ask<{ kind: string; hostKey: { key: string } }>(shell, 'ssh.connect', connect);
      expect(first.kind).toBe('hostKeyUnknown');
      await ask(shell, 'ssh.trustHostKey', { ...target, key: first.hostKey.key });
      const { kind, session } = await ask<{ kind: string; session: { sessionId: string } }>(
        shell,
        'ssh.connect',
        connect,
      );
      expect(kind).toBe('connected');
      const ended = await ask<object>(shell, 'ssh.close', { sessionId: session.sessionId });
      expect(ended).toMatchObject({ state: 'ended', recording: { complete: true } });
    } finally {
      await device.stop();
    }
  });

  test('makes a paper in its worker, with the fonts of the package', async ({ launch }) => {
    const shell = await launch();
    const paper = await ask<{ sha256: string; pages: number }>(shell, 'documents.serviceRecord', {
      model: aServiceRecord(),
    });
    expect(paper.pages).toBeGreaterThan(0);
  });
});
