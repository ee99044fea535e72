import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { asSshError, timedOut } from './ssh-error.ts';

/** A TCP connection, or a typed SshError within the time given. */
export async function openSocket(host: string, port: number, withinMs: number): Promise<Socket> {
  const socket = connect({ host, port, autoSelectFamily: true, noDelay: true });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(timedOut({ host, port })), withinMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw asSshError(firstOf(error), { host, port, username: '' });
  }
}

/** A name with several addresses fails with one error for each of them. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && !('code' in error && error.code !== undefined)
    ? error.errors[0]
    : error;
}
