import ssh2 from 'ssh2';
import type { ServerChannel } from 'ssh2';
import { createHash, generateKeyPairSync, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { DeviceShell } from './simulated-device-shell.ts';

export interface SimulatedDevice {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** `SHA256:…`, as the sheet in the equipment room would show it. */
  readonly hostKeyFingerprint: string;
  /** Appends a line to the device's alarm log, for those who follow it. */
  appendLog(line: string): void;
  stop(): Promise<void>;
}

/**
 * A simulated telecom power monitoring unit to log in to, for the demo and for tests: it answers on
 * 127.0.0.1 with a password and an `SMU> ` prompt, and lets its log be followed by `tail`. It runs no
 * command of the machine it stands on.
 */
export async function startSimulatedDevice(options: {
  port?: number;
  password: string;
  username?: string;
  /** A private key in PEM; without it each start makes a new one. */
  hostKey?: string;
}): Promise<SimulatedDevice> {
  const username = options.username ?? 'smu';
  const hostKey = options.hostKey ?? newHostKey();
  const log = new DeviceLog();
  const connections = new Set<ssh2.Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey], ident: 'SimulatedSMU_3.12' }, (client) => {
    connections.add(client);
    // A visitor that vanishes is not the device's concern.
    client.on('error', () => undefined);
    client.on('close', () => connections.delete(client));
    client.on('authentication', (context) => {
      const known = context.username === username;
      if (context.method === 'password' && known && same(context.password, options.password))
        context.accept();
      else context.reject(['password']);
    });
    client.on('session', (accept) => {
      const session = accept();
      session.on('pty', (allow) => allow?.());
      session.on('window-change', (allow) => allow?.());
      session.on('shell', (open) => new DeviceShell(open(), log).start());
      session.on('exec', (open, _reject, { command }) => answerCommand(open(), command, log));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const parsed = ssh2.utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    username,
    password: options.password,
    hostKeyFingerprint: `SHA256:${createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    appendLog: (line) => log.append(`${line}\n`),
    stop: async () => {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The device's alarm log: a text that grows, and those who follow it. */
export class DeviceLog {
  text = [
    '2026-11-22 08:57:02 R1 通信中断 (SN 2102K40117)',
    '2026-11-22 08:57:02 R2 通信中断 (SN 2102K40118)',
    '2026-11-22 08:57:05 CAN0 bus-off, error counter 255',
    '2026-11-22 08:57:40 CAN0 复位 (standby)',
    '2026-11-22 08:57:44 CAN0 复位完成,重新登记 5/6',
    '',
  ].join('\n');
  readonly followers = new Set<(added: string) => void>();

  append(text: string): void {
    this.text += text;
    for (const follower of this.followers) follower(text);
  }
}

/** The few commands a terminal program sends without a shell: reading and following the log, and the clock. */
function answerCommand(channel: ServerChannel, command: string, log: DeviceLog): void {
  const bytes = Buffer.from(log.text, 'utf8');
  const isLog = command.includes('/var/log/alarm.log');
  const finish = (status: number, text: string) => {
    (status === 0 ? channel : channel.stderr).write(text);
    channel.exit(status);
    channel.end();
  };
  if (command.startsWith('date')) return finish(0, `${(Date.now() / 1000).toFixed(3)}\n`);
  if (!isLog) return finish(1, 'No such file or directory\n');
  if (command.startsWith('wc -c')) return finish(0, `${bytes.length}\n`);
  const from = /tail -c \+(\d+)/.exec(command);
  if (from === null) return finish(127, 'not found\n');
  channel.write(bytes.subarray(Number(from[1]) - 1));
  const follower = (added: string) => void channel.write(added);
  log.followers.add(follower);
  channel.on('close', () => log.followers.delete(follower));
}

function newHostKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

function same(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
