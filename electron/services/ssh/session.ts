import { encodeInput, OutputDecoder } from './charset.ts';
import type { Charset } from './charset.ts';
import type { RemoteChannel } from './connection.ts';
import { readFrames } from './read-frames.ts';
import type { Recorder, RecordingFile } from './recorder.ts';
import { ScreenFeed } from './screen-feed.ts';
import type { ScreenItem, SessionEnd } from './screen-feed.ts';
import { SshError } from './ssh-error.ts';

export interface SshSessionOptions {
  readonly channel: RemoteChannel;
  readonly recorder: Recorder | undefined;
  readonly charset: Charset;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Why the connection under the channel is gone, when it is. */
  readonly lost: () => SshError | undefined;
}

/** How long a channel may take to close before the session is ended without it. */
const CLOSE_WITHIN_MS = 2000;

/**
 * One shell with a terminal. Its output goes to the recorder first and then to the screen, if one is
 * attached; both slow the device down rather than lose a byte. The session outlives its screens and
 * ends with the shell, the connection, or `close()`.
 */
export class SshSession {
  /** Resolves when the session is over and its recording closed. Never rejects. */
  readonly ended: Promise<{ end: SessionEnd; recording: RecordingFile | undefined }>;
  readonly #options: SshSessionOptions;
  readonly #feed = new ScreenFeed();
  #decoder: OutputDecoder;
  readonly #giveUp = new AbortController();
  #closedByUs = false;
  #over = false;

  constructor(options: SshSessionOptions) {
    this.#options = options;
    this.#decoder = new OutputDecoder(options.charset);
    this.ended = this.#run();
  }

  get charset(): Charset {
    return this.#decoder.charset;
  }

  /** Attaches a screen; see ScreenFeed.attach. */
  attach(signal?: AbortSignal): AsyncGenerator<ScreenItem, void> {
    return this.#feed.attach(signal);
  }

  /** Sends keyboard input (UTF-8). Resolves when the channel can take more; throws 'ssh.lost' when it is gone. */
  async write(input: Uint8Array): Promise<void> {
    const { stream } = this.#options.channel;
    if (this.#over || !stream.writable) throw this.#options.lost() ?? gone();
    if (stream.write(encodeInput(input, this.charset))) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off('drain', done).off('close', done);
        resolve();
      };
      stream.on('drain', done).on('close', done);
    });
  }

  async resize(cols: number, rows: number): Promise<void> {
    this.#options.channel.stream.setWindow(rows, cols, 0, 0);
    await this.#options.recorder?.resize(cols, rows);
  }

  /** Reads and types in another charset from here on; what was half received is shown as it is. */
  async setCharset(charset: Charset): Promise<void> {
    await this.#show(this.#decoder.end());
    this.#decoder = new OutputDecoder(charset);
  }

  /** Sets a named mark in the recording, e.g. a step of a runbook. */
  async mark(label: string): Promise<void> {
    await this.#options.recorder?.marker(label);
  }

  /** Ends the shell and waits for the recording to be closed. */
  async close(): Promise<{ end: SessionEnd; recording: RecordingFile | undefined }> {
    this.#closedByUs = true;
    this.#options.channel.stream.close();
    const timer = setTimeout(() => this.#giveUp.abort(), CLOSE_WITHIN_MS);
    // A screen that stands still must not hold up the end.
    this.#feed.release();
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(): Promise<{ end: SessionEnd; recording: RecordingFile | undefined }> {
    const { channel, recorder, now } = this.#options;
    let recordingBroke = recorder === undefined;
    for await (const frame of readFrames([channel.stream, channel.stream.stderr], now, this.#giveUp.signal)) {
      const text = this.#decoder.decode(frame);
      await recorder?.output(text);
      if (!recordingBroke && recorder?.failure !== undefined) {
        recordingBroke = true;
        this.#feed.notice(recorder.failure.code, recorder.failure.message);
      }
      await this.#feed.push(this.charset === 'utf-8' ? frame : Buffer.from(text, 'utf8'));
    }
    await this.#show(this.#decoder.end());
    // The exit status comes after the end of the output.
    const timer = setTimeout(() => this.#giveUp.abort(), CLOSE_WITHIN_MS);
    await Promise.race([channel.closed, aborted(this.#giveUp.signal)]);
    clearTimeout(timer);
    this.#over = true;
    const end = this.#reason();
    let recording: RecordingFile | undefined;
    try {
      recording = await recorder?.close(channel.exit.code);
    } catch (error) {
      if (!(error instanceof SshError)) throw error;
      if (!recordingBroke) this.#feed.notice(error.code, error.message);
    }
    this.#feed.end(end);
    return { end, recording };
  }

  /** Text that is not a frame of the device's own: the rest of a cut character. */
  async #show(text: string): Promise<void> {
    if (text === '') return;
    await this.#options.recorder?.output(text);
    if (this.charset !== 'utf-8') await this.#feed.push(Buffer.from(text, 'utf8'));
  }

  #reason(): SessionEnd {
    if (this.#closedByUs) return { why: 'closed' };
    const { code, signal } = this.#options.channel.exit;
    if (code !== undefined || signal !== undefined) {
      return {
        why: 'exit',
        ...(code !== undefined && { exitCode: code }),
        ...(signal !== undefined && { signal }),
      };
    }
    const lost = this.#options.lost() ?? gone();
    return { why: 'error', code: lost.code, message: lost.message };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function gone(): SshError {
  return new SshError('ssh.lost', 'The session is over: the device closed it. Connect again to go on.');
}
