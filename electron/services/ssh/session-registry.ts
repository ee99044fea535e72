import type { Charset } from './charset.ts';
import { SshConnection } from './connection.ts';
import type { ConnectionFacts, ConnectOptions } from './connection.ts';
import type { HostKey } from './host-key.ts';
import type { KnownHost } from './known-hosts.ts';
import { Recorder } from './recorder.ts';
import { SshSession } from './session.ts';
import { SshError } from './ssh-error.ts';

export interface OpenSessionOptions extends ConnectOptions {
  readonly sessionId: string;
  readonly title: string;
  readonly cols: number;
  readonly rows: number;
  readonly charset: Charset;
  readonly recordingPath: string;
}

export type OpenSessionOutcome =
  | { readonly kind: 'connected'; readonly facts: ConnectionFacts }
  | { readonly kind: 'hostKeyUnknown'; readonly hostKey: HostKey }
  | { readonly kind: 'hostKeyChanged'; readonly hostKey: HostKey; readonly known: readonly KnownHost[] };

export interface Clock {
  /** Monotonic milliseconds. */
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

interface Entry {
  readonly connection: SshConnection;
  readonly session: SshSession;
}

/** Ended sessions stay, so that a screen that comes late still sees their last output. */
const ENDED_KEPT = 20;

/** The sessions of this process by id. Each has a connection of its own, which tails and commands share. */
export class SessionRegistry {
  readonly #sessions = new Map<string, Entry>();
  readonly #ended: string[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Connects, opens the recording, then the shell: nothing is shown that is not recorded. */
  async open(options: OpenSessionOptions): Promise<OpenSessionOutcome> {
    const outcome = await SshConnection.connect(options);
    if (outcome.kind !== 'connected') return outcome;
    const { connection } = outcome;
    try {
      const recorder = await Recorder.start({
        path: options.recordingPath,
        cols: options.cols,
        rows: options.rows,
        title: options.title,
        startedAt: new Date(this.#clock.wallMs()),
        now: this.#clock.monotonicMs,
      });
      const channel = await connection.openShell({ cols: options.cols, rows: options.rows });
      const session = new SshSession({
        channel,
        recorder,
        charset: options.charset,
        now: this.#clock.monotonicMs,
        lost: () => connection.lost,
      });
      this.#sessions.set(options.sessionId, { connection, session });
      void this.#whenOver(options.sessionId, { connection, session });
    } catch (error) {
      await connection.close();
      throw error;
    }
    return { kind: 'connected', facts: connection.facts };
  }

  /** Throws 'ssh.noSession' for an id that is not, or no longer, known. */
  session(sessionId: string): SshSession {
    return this.#entry(sessionId).session;
  }

  connection(sessionId: string): SshConnection {
    return this.#entry(sessionId).connection;
  }

  /** Ends every session and waits until the recordings are closed. */
  async closeAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ session }) => session.close()));
  }

  #entry(sessionId: string): Entry {
    const entry = this.#sessions.get(sessionId);
    if (entry !== undefined) return entry;
    throw new SshError('ssh.noSession', 'This session is over. Connect again to go on.');
  }

  async #whenOver(sessionId: string, { connection, session }: Entry): Promise<void> {
    await session.ended;
    await connection.close();
    this.#ended.push(sessionId);
    if (this.#ended.length <= ENDED_KEPT) return;
    const oldest = this.#ended.shift();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }
}
