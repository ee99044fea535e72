import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { SshConnection } from '#electron/services/ssh/connection.ts';
import type { ConnectOptions } from '#electron/services/ssh/connection.ts';
import { tailRemote } from '#electron/services/ssh/remote-tail.ts';
import { connectTrusting, openSession, typed } from '#test/support/ssh-client.ts';
import { TestScreen } from '#test/support/ssh-screen.ts';
import { startSimulatedDevice } from '#test/support/simulated-device.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const SECRET = 'zhengliu-48V';

/** A server that does with a visitor what the test says. */
async function aServer(onVisitor: (client: ssh2.Connection) => void): Promise<ConnectOptions> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const clients = new Set<ssh2.Connection>();
  const server = new ssh2.Server(
    { hostKeys: [privateKey.export({ type: 'sec1', format: 'pem' }).toString()] },
    (client) => {
      clients.add(client);
      client.on('error', () => undefined);
      onVisitor(client);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(async () => {
    for (const client of clients) client.end();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    username: 'smu',
    secret: { kind: 'password', password: SECRET },
    knownKeys: [],
  };
}

async function aDevice() {
  const device = await startSimulatedDevice({ password: SECRET });
  cleanUps.push(() => device.stop());
  const login: ConnectOptions = {
    host: device.host,
    port: device.port,
    username: device.username,
    secret: { kind: 'password', password: SECRET },
    knownKeys: [],
  };
  return { device, login };
}

describe('a password', () => {
  test('[R1] is not sent, nor the user name, before the host key is trusted', async () => {
    const attempts: string[] = [];
    const server = await aServer((client) => {
      client.on('authentication', (context) => {
        attempts.push(`${context.method} ${context.username}`);
        context.reject();
      });
    });
    const outcome = await SshConnection.connect(server);
    expect(outcome.kind).toBe('hostKeyUnknown');
    expect(attempts).toEqual([]);
  });

  test('[R6] that is wrong is sent once and by one method only', async () => {
    const attempts: string[] = [];
    const server = await aServer((client) => {
      client.on('authentication', (context) => {
        attempts.push(context.method);
        context.reject(['password', 'keyboard-interactive']);
      });
    });
    await expect(connectTrusting(server)).rejects.toMatchObject({ code: 'ssh.authFailed' });
    expect(attempts).toEqual(['none', 'password']);
  });

  test('[R6] answers a server that asks for it by keyboard-interactive, once', async () => {
    const answers: string[] = [];
    const server = await aServer((client) => {
      client.on('authentication', (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        context.prompt([{ prompt: '口令: ', echo: false }], (given) => {
          answers.push(...given);
          if (given[0] === SECRET) context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
    });
    await (await connectTrusting(server)).close();
    await expect(
      connectTrusting({ ...server, secret: { kind: 'password', password: 'wrong' } }),
    ).rejects.toMatchObject({ code: 'ssh.authFailed' });
    expect(answers).toEqual([SECRET, 'wrong']);
  });

  test('[R6] never appears in an error', async () => {
    const server = await aServer((client) => {
      client.on('authentication', (context) => context.reject(['password']));
    });
    const error: unknown = await connectTrusting(server).catch((thrown: unknown) => thrown);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
  });
});

describe('a hostile server', () => {
  test('[R8] that asks questions without end is left', async () => {
    let rounds = 0;
    const server = await aServer((client) => {
      client.on('authentication', (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        const ask = () => {
          rounds += 1;
          if (rounds < 1000) context.prompt([{ prompt: 'Code: ', echo: true }], ask);
        };
        ask();
      });
    });
    const failure = connectTrusting({
      ...server,
      askPrompts: async () => ['1234'],
      timeouts: { authMs: 1000 },
    });
    await expect(failure).rejects.toMatchObject({
      code: 'ssh.authFailed',
      message: expect.stringContaining('keeps asking'),
    });
    expect(rounds).toBe(7);
  });

  test('[R8] that never answers the login is left in time', async () => {
    const server = await aServer((client) => client.on('authentication', () => undefined));
    await expect(connectTrusting({ ...server, timeouts: { authMs: 200 } })).rejects.toMatchObject({
      code: 'ssh.timeout',
    });
  });

  test('[R8] that never opens a channel is reported in time', async () => {
    const server = await aServer((client) => {
      client.on('authentication', (context) => context.accept());
      client.on('session', () => undefined);
    });
    const connection = await connectTrusting({ ...server, timeouts: { channelMs: 200 } });
    await expect(connection.openShell({ cols: 80, rows: 24 })).rejects.toMatchObject({ code: 'ssh.timeout' });
    await connection.close();
  });

  test('[R18] that floods the error channel does not stall the session', async () => {
    const server = await aServer((client) => {
      client.on('authentication', (context) => context.accept());
      client.on('session', (accept) => {
        const session = accept();
        session.on('pty', (allow) => allow?.());
        session.on('shell', (open) => {
          const channel = open();
          // Only once the screen is there: one that comes later is shown a replay of bounded length.
          channel.once('data', () => {
            channel.stderr.write(Buffer.alloc(8 * 1024 * 1024, 'e'), () => {
              channel.write('after the flood');
              channel.exit(0);
              channel.end();
            });
          });
        });
      });
    });
    const connection = await connectTrusting(server);
    const { session } = await openSession(connection);
    const screen = new TestScreen(session.attach());
    await session.write(Buffer.from('go'));
    await screen.until('after the flood');
    expect(screen.bytes).toBe(8 * 1024 * 1024 + 'after the flood'.length);
    await session.close();
    await connection.close();
  });
});

describe('the simulated device', () => {
  test('lets one log in by password, shows its rectifiers and says goodbye', async () => {
    const { login } = await aDevice();
    const connection = await connectTrusting(login);
    const { session } = await openSession(connection);
    const screen = new TestScreen(session.attach());
    await screen.until('SMU> ');
    await session.write(typed('show rectx\u007f\r'));
    await screen.until('R1   48V/50A    2102K40117      \u001b[31m通信中断');
    await session.write(typed('exit\r'));
    expect(await screen.ended).toEqual({ why: 'exit', exitCode: 0 });
    await connection.close();
  });

  test('refuses a wrong password', async () => {
    const { login } = await aDevice();
    await expect(
      connectTrusting({ ...login, secret: { kind: 'password', password: 'wrong' } }),
    ).rejects.toMatchObject({ code: 'ssh.authFailed' });
  });

  test('lets its log be followed', async () => {
    const { device, login } = await aDevice();
    const connection = await connectTrusting(login);
    const tail = tailRemote(connection, { path: '/var/log/alarm.log', now: () => performance.now() });
    const first = await tail.next();
    expect(Buffer.from((first.value as { data: Uint8Array }).data).toString('utf8')).toContain(
      'CAN0 复位完成',
    );
    device.appendLog('2026-11-22 09:10:00 R2 恢复');
    const second = await tail.next();
    expect(Buffer.from((second.value as { data: Uint8Array }).data).toString('utf8')).toContain('R2 恢复');
    await tail.return();
    await connection.close();
  });
});
