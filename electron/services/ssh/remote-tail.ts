import type { SshConnection } from './connection.ts';
import { printable } from './printable.ts';
import { readFrames } from './read-frames.ts';
import { execCommand } from './remote-command.ts';
import { ownBytes } from './screen-feed.ts';
import { shellQuote } from './shell-quote.ts';
import { SshError } from './ssh-error.ts';

export type TailItem =
  /** Bytes of the file, `offset` bytes from its start (while it is neither rotated nor truncated). */
  | { readonly kind: 'data'; readonly offset: number; readonly data: Uint8Array }
  /** The remote `tail` says something: rotated, truncated, vanished, come back. */
  | { readonly kind: 'notice'; readonly message: string };

export interface TailOptions {
  readonly path: string;
  /** From this byte on; or the last so many bytes, 64 KiB by default. */
  readonly from?: { readonly offset: number } | { readonly lastBytes: number };
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Ends the tail, also while it waits for the file to grow. */
  readonly signal?: AbortSignal;
}

/**
 * Follows a file on the device over the connection already open: what is there from the offset on, then
 * what is appended, through rotation. Needs nothing on the device but `wc` and `tail` (busybox will do).
 * Read only as fast as it is asked for. Ends when the consumer returns; throws 'ssh.remoteFile' when the
 * file cannot be read and 'ssh.lost' when the connection goes.
 */
export async function* tailRemote(
  connection: SshConnection,
  options: TailOptions,
): AsyncGenerator<TailItem, void> {
  const path = remotePath(options.path);
  const size = await remoteSize(connection, path, options.path);
  const from = options.from ?? { lastBytes: 64 * 1024 };
  let offset = 'offset' in from ? Math.min(from.offset, size) : Math.max(0, size - from.lastBytes);
  const { stream } = await connection.openExec(`exec tail -c +${offset + 1} -F ${path}`);
  const notices: TailItem[] = [];
  stream.stderr.setEncoding('utf8').on('data', (text: string) => {
    // Bounded: a device that only complains must not fill our memory.
    if (notices.length < 20) notices.push({ kind: 'notice', message: printable(text.trim(), 500) });
  });
  try {
    for await (const data of readFrames([stream], options.now, options.signal)) {
      yield* notices.splice(0);
      yield { kind: 'data', offset, data: ownBytes(data) };
      offset += data.byteLength;
    }
    yield* notices.splice(0);
    if (options.signal?.aborted === true) return;
    throw connection.lost ?? new SshError('ssh.remoteFile', `Following ${options.path} ended on the device.`);
  } finally {
    // Without the signal the remote tail would live on until its next write fails.
    stream.signal('TERM');
    stream.close();
  }
}

async function remoteSize(connection: SshConnection, quoted: string, path: string): Promise<number> {
  const { exitCode, stdout, stderr } = await execCommand(connection, `wc -c < ${quoted}`, { maxBytes: 4096 });
  const size = Number.parseInt(stdout.toString('latin1').trim(), 10);
  if (exitCode === 0 && Number.isSafeInteger(size)) return size;
  const reason = printable(stderr.toString('utf8').trim(), 300);
  throw new SshError('ssh.remoteFile', `${path} cannot be read on the device: ${reason || 'no answer'}.`);
}

/** A path is never taken for an option: "-n" is the file ./-n. */
function remotePath(path: string): string {
  return shellQuote(path.startsWith('-') ? `./${path}` : path);
}
