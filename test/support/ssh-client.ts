import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SshConnection } from '#electron/services/ssh/connection.ts';
import type { ConnectOptions } from '#electron/services/ssh/connection.ts';
import type { HostKey } from '#electron/services/ssh/host-key.ts';
import type { KnownHost } from '#electron/services/ssh/known-hosts.ts';
import { Recorder } from '#electron/services/ssh/recorder.ts';
import { SshSession } from '#electron/services/ssh/session.ts';
import type { SshSessionOptions } from '#electron/services/ssh/session.ts';
import type { Sshd } from './sshd.ts';

const now = (): number => performance.now();

/** What connects to a server that was just started, its key not yet trusted. */
export function loginTo(sshd: Sshd): ConnectOptions {
  return {
    host: sshd.host,
    port: sshd.port,
    username: sshd.username,
    secret: { kind: 'privateKey', privateKey: sshd.privateKey },
    knownKeys: [],
  };
}

export function trusted(where: { host: string; port: number }, hostKey: HostKey): KnownHost {
  return { host: where.host, port: where.port, ...hostKey, trustedAt: '2026-11-22T08:00:00.000Z' };
}

/** Connects, trusting whatever key the server shows, as a person would after comparing it. */
export async function connectTrusting(options: ConnectOptions): Promise<SshConnection> {
  const first = await SshConnection.connect(options);
  if (first.kind !== 'hostKeyUnknown') throw new Error(`Expected an unknown key, got ${first.kind}`);
  const second = await SshConnection.connect({ ...options, knownKeys: [trusted(options, first.hostKey)] });
  if (second.kind !== 'connected') throw new Error(`Expected a connection, got ${second.kind}`);
  return second.connection;
}

/** A recorded shell on the connection. */
export async function openSession(
  connection: SshConnection,
  options: Partial<SshSessionOptions> & { cols?: number; rows?: number } = {},
): Promise<{ session: SshSession; recordingPath: string }> {
  const size = { cols: options.cols ?? 80, rows: options.rows ?? 24 };
  const recordingPath = join(await mkdtemp(join(tmpdir(), 'faultline-cast-')), 'session.cast');
  const recorder = await Recorder.start({ path: recordingPath, ...size, startedAt: new Date(), now });
  const channel = await connection.openShell(size);
  const session = new SshSession({
    channel,
    recorder,
    charset: 'utf-8',
    now,
    lost: () => connection.lost,
    ...options,
  });
  return { session, recordingPath };
}

export const typed = (text: string): Uint8Array => new TextEncoder().encode(text);
