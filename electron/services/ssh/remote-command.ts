import type { SshConnection } from './connection.ts';
import { printable } from './printable.ts';
import { SshError } from './ssh-error.ts';

export interface CommandResult {
  /** Undefined when a signal ended the command. */
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** True when more than `maxBytes` came and the rest was dropped. */
  readonly truncated: boolean;
}

/**
 * Runs one command on the device, bounded in time and in output. A command that ends unsuccessfully is a
 * result, not an error. Throws 'ssh.remoteCommand' when it does not end in time, and connection errors.
 */
export async function execCommand(
  connection: SshConnection,
  command: string,
  bounds: { timeoutMs?: number; maxBytes?: number } = {},
): Promise<CommandResult> {
  const { timeoutMs = 15_000, maxBytes = 1024 * 1024 } = bounds;
  const channel = await connection.openExec(command);
  const { stream } = channel;
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let room = maxBytes;
  let truncated = false;
  const keep = (into: Buffer[]) => (chunk: Buffer) => {
    if (chunk.length > room) truncated = true;
    const kept = chunk.subarray(0, Math.max(0, room));
    room -= kept.length;
    if (kept.length > 0) into.push(kept);
    if (truncated) stream.close();
  };
  stream.on('data', keep(stdout));
  stream.stderr.on('data', keep(stderr));
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    stream.signal('KILL');
    stream.close();
    timeout.reject(
      new SshError(
        'ssh.remoteCommand',
        `The command did not end within ${timeoutMs / 1000} s on the device.`,
      ),
    );
  }, timeoutMs);
  try {
    await Promise.race([channel.closed, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
  if (connection.lost !== undefined) throw connection.lost;
  const exitCode = channel.exit.code;
  return { exitCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), truncated };
}

export interface ClockOffset {
  /** Device clock minus our clock, in milliseconds. */
  readonly offsetMs: number;
  /** Half the round trip (and half a second where the device tells whole seconds only). */
  readonly uncertaintyMs: number;
}

/**
 * How far the device's clock is from ours, from the best of three `date` round trips. Undefined on a
 * device that has no `date`: then its times cannot be set against ours.
 */
export async function measureClockOffset(
  connection: SshConnection,
  clock: { wallMs: () => number },
): Promise<ClockOffset | undefined> {
  let best: ClockOffset | undefined;
  for (let round = 0; round < 3; round += 1) {
    const sentAt = clock.wallMs();
    const { stdout, exitCode } = await execCommand(connection, 'date +%s.%N', {
      maxBytes: 100,
      timeoutMs: 5000,
    });
    const gotAt = clock.wallMs();
    // busybox prints the seconds, and after the dot nothing or the letters %N.
    const match = /^(\d{9,11})(?:\.(\d{1,9})?)?/.exec(printable(stdout.toString('latin1'), 100));
    if (exitCode !== 0 || match === null) return undefined;
    const [, seconds = '', fraction] = match;
    const remoteMs =
      fraction === undefined ? Number(seconds) * 1000 + 500 : Number(`${seconds}.${fraction}`) * 1000;
    const measured = {
      offsetMs: Math.round(remoteMs - (sentAt + gotAt) / 2),
      uncertaintyMs: Math.ceil((gotAt - sentAt) / 2) + (fraction === undefined ? 500 : 0),
    };
    if (best === undefined || measured.uncertaintyMs < best.uncertaintyMs) best = measured;
  }
  return best;
}
