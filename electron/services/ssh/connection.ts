import ssh2 from 'ssh2';
import type { Client, ClientChannel, ConnectConfig, NegotiatedAlgorithms } from 'ssh2';
import { offeredAlgorithms } from './algorithms.ts';
import { authentication } from './authentication.ts';
import type { AskPrompts, SshSecret } from './authentication.ts';
import { useKeyObjects } from './gcm-keys.ts';
import { parseHostKey } from './host-key.ts';
import type { HostKey } from './host-key.ts';
import { judgeHostKey } from './known-hosts.ts';
import type { KnownHost } from './known-hosts.ts';
import { printable } from './printable.ts';
import { asSshError, SshError, timedOut } from './ssh-error.ts';
import { openSocket } from './socket.ts';

export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: SshSecret;
  /** The keys trusted for this host and port; empty when it is new. */
  readonly knownKeys: readonly KnownHost[];
  /** Answers questions beyond the stored password (one-time codes). Without it they end the login. */
  readonly askPrompts?: AskPrompts;
  /** Also offer the outdated algorithms old controllers need. For one device, on a person's word. */
  readonly legacyAlgorithms?: boolean;
  readonly timeouts?: Partial<Timeouts>;
}

export interface Timeouts {
  readonly connectMs: number;
  readonly handshakeMs: number;
  readonly authMs: number;
  readonly channelMs: number;
}

const TIMEOUTS: Timeouts = { connectMs: 10_000, handshakeMs: 15_000, authMs: 30_000, channelMs: 15_000 };
/** A dead line is noticed within a minute; shorter would drop sessions on links that pause (satellite, sleep). */
const KEEPALIVE_MS = 15_000;
const KEEPALIVE_MISSES = 3;
const BANNER_CHARS = 2000;

/** What was agreed with the server, shown on the connection card and kept with the evidence. */
export interface ConnectionFacts {
  readonly host: string;
  readonly port: number;
  /** The address the name stood for. */
  readonly address: string;
  readonly username: string;
  readonly hostKey: HostKey;
  readonly kex: string;
  readonly cipher: string;
  readonly mac: string;
  /** Strict key exchange: the server is safe from Terrapin whatever the cipher. */
  readonly strictKex: boolean;
  readonly serverVersion: string;
  /** The server's greeting as plain text: untrusted, bounded, without control characters. */
  readonly banner: string;
}

export type ConnectOutcome =
  | { readonly kind: 'connected'; readonly connection: SshConnection }
  | { readonly kind: 'hostKeyUnknown'; readonly hostKey: HostKey }
  | { readonly kind: 'hostKeyChanged'; readonly hostKey: HostKey; readonly known: readonly KnownHost[] };

/** A channel with what would be lost to those who listen a moment later: all of a short command arrives at once. */
export interface RemoteChannel {
  readonly stream: ClientChannel;
  /** Empty until the remote side told it. */
  readonly exit: { readonly code?: number; readonly signal?: string };
  /** Resolves when the channel is closed and read to its end. */
  readonly closed: Promise<void>;
}

/** One authenticated connection to a device; shells, tails and commands are channels on it. */
export class SshConnection {
  readonly facts: ConnectionFacts;
  /** Resolves with the reason when the connection is gone; undefined when we closed it. */
  readonly closed: Promise<SshError | undefined>;
  readonly #client: Client;
  readonly #timeouts: Timeouts;
  #reason: SshError | undefined;
  #closedByUs = false;

  private constructor(client: Client, facts: ConnectionFacts, timeouts: Timeouts) {
    this.#client = client;
    this.facts = facts;
    this.#timeouts = timeouts;
    client.on('error', (error) => {
      if (!this.#closedByUs) this.#reason ??= asSshError(error, facts);
    });
    this.closed = new Promise((resolve) => {
      client.on('close', () => {
        if (!this.#closedByUs) this.#reason ??= lostConnection(facts);
        resolve(this.#reason);
      });
    });
  }

  /** Why the connection is gone, once it is. */
  get lost(): SshError | undefined {
    return this.#reason;
  }

  /**
   * Connects and logs in. The host key is judged first: unless it is one of `knownKeys`, the connection
   * ends there and no login, user name or password has been sent; the outcome names the key, to be shown,
   * trusted by a person and passed in next time. Every other failure throws SshError. Nothing is retried.
   */
  static async connect(options: ConnectOptions): Promise<ConnectOutcome> {
    const timeouts = { ...TIMEOUTS, ...options.timeouts };
    // An unreadable key is known before anybody is called.
    const auth = authentication(options);
    const socket = await openSocket(options.host, options.port, timeouts.connectMs);
    const client = new ssh2.Client();
    let shown: HostKey | undefined;
    let negotiated: NegotiatedAlgorithms | undefined;
    let banner = '';
    let refused: ConnectOutcome | undefined;
    const config: ConnectConfig = {
      sock: socket,
      username: options.username,
      algorithms: offeredAlgorithms({
        knownKeyTypes: options.knownKeys.map((known) => known.algorithm),
        legacy: options.legacyAlgorithms === true,
      }),
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVE_MISSES,
      hostVerifier: (blob: Buffer): boolean => {
        const hostKey = parseHostKey(blob);
        if (hostKey === undefined) return false;
        // Also asked at every re-keying: the key must stay the one that was trusted.
        if (shown !== undefined) return shown.key === hostKey.key;
        shown = hostKey;
        const verdict = judgeHostKey(options.knownKeys, hostKey.key);
        if (verdict.kind === 'unknown') refused = { kind: 'hostKeyUnknown', hostKey };
        if (verdict.kind === 'changed') refused = { kind: 'hostKeyChanged', hostKey, known: verdict.known };
        return verdict.kind === 'trusted';
      },
      authHandler: auth.handler,
    };
    client.on('handshake', (result) => {
      negotiated = result;
      useKeyObjects(client);
    });
    client.on('banner', (text) => (banner = printable(banner + text, BANNER_CHARS)));

    const loggedIn = new Promise<void>((resolve, reject) => {
      let timer = setTimeout(() => reject(timedOut(options)), timeouts.handshakeMs);
      client.once('handshake', () => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(timedOut(options)), timeouts.authMs);
      });
      client.once('ready', () => {
        clearTimeout(timer);
        resolve();
      });
      client.on('error', (error) => {
        clearTimeout(timer);
        reject(asSshError(error, options));
      });
      client.on('close', () => {
        clearTimeout(timer);
        reject(asSshError(new Error('connection lost'), options));
      });
      auth.onFailure((error) => {
        clearTimeout(timer);
        reject(error);
      });
      // A demand for a new password cannot be met here, and unanswered it would hang.
      client.on('change password', () => reject(passwordExpired(options)));
    });
    try {
      client.connect(config);
      await loggedIn;
    } catch (error) {
      client.destroy();
      if (refused !== undefined) return refused;
      throw asSshError(error, options);
    }
    if (shown === undefined || negotiated === undefined) {
      client.destroy();
      throw new SshError(
        'ssh.protocol',
        `${options.host} let us in without a key exchange, so it is not trusted.`,
      );
    }
    const facts: ConnectionFacts = {
      host: options.host,
      port: options.port,
      address: socket.remoteAddress ?? options.host,
      username: options.username,
      hostKey: shown,
      kex: negotiated.kex,
      cipher: negotiated.cs.cipher,
      mac: negotiated.cs.mac === '' ? 'implicit' : negotiated.cs.mac,
      ...serverFacts(client),
      banner,
    };
    return { kind: 'connected', connection: new SshConnection(client, facts, timeouts) };
  }

  /** Opens a shell on a terminal of this size. Throws 'ssh.channelRefused', 'ssh.timeout' or 'ssh.lost'. */
  async openShell(size: { cols: number; rows: number }): Promise<RemoteChannel> {
    return this.#channel((opened) =>
      this.#client.shell(
        { term: 'xterm-256color', cols: size.cols, rows: size.rows, width: 0, height: 0 },
        opened,
      ),
    );
  }

  /** Starts a command without a terminal. Whoever builds the command quotes its words (shellQuote). */
  async openExec(command: string): Promise<RemoteChannel> {
    return this.#channel((opened) => this.#client.exec(command, opened));
  }

  /** Ends every channel and the connection. */
  async close(): Promise<void> {
    this.#closedByUs = true;
    this.#client.end();
    const timer = setTimeout(() => this.#client.destroy(), 1000);
    await this.closed;
    clearTimeout(timer);
  }

  async #channel(
    open: (opened: (error: Error | undefined, channel: ClientChannel) => void) => void,
  ): Promise<RemoteChannel> {
    if (this.#closedByUs || this.#reason !== undefined) throw this.#reason ?? lostConnection(this.facts);
    const { promise, resolve, reject } = Promise.withResolvers<RemoteChannel>();
    const timer = setTimeout(() => reject(timedOut(this.facts)), this.#timeouts.channelMs);
    try {
      open((error, channel) => {
        if (error === undefined) return resolve(remoteChannel(channel));
        reject(
          this.#reason ??
            new SshError(
              'ssh.channelRefused',
              `${this.facts.host} refused to open another channel: ${printable(error.message, 200)}. Close a terminal or a tail on this device and try again.`,
              { cause: error },
            ),
        );
      });
      return await promise;
    } catch (error) {
      throw asSshError(error, this.facts);
    } finally {
      clearTimeout(timer);
    }
  }
}

function remoteChannel(stream: ClientChannel): RemoteChannel {
  boundReadAhead(stream);
  let exit: RemoteChannel['exit'] = {};
  stream.on('exit', (code: number | null, signal?: string) => {
    exit = { ...(code !== null && { code }), ...(signal !== undefined && { signal }) };
  });
  // The connection reports the reason; an error without a listener would end the process.
  stream.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => stream.on('close', () => resolve()));
  return {
    stream,
    closed,
    get exit() {
      return exit;
    },
  };
}

/**
 * ssh2 buffers a channel up to 2 MiB before it stops reopening the window, so 4 MiB can be under way when
 * the user presses Ctrl+C, all drawn before the prompt. With a lower mark it is the window's 2 MiB. The
 * library has no option for it; the field is Node's own and has had this name since streams 2.
 */
function boundReadAhead(channel: ClientChannel): void {
  for (const stream of [channel, channel.stderr]) {
    const state = (stream as unknown as { _readableState?: { highWaterMark: number } })._readableState;
    if (state !== undefined) state.highWaterMark = 256 * 1024;
  }
}

/** ssh2 tells neither the server's version nor strict key exchange in its public interface. */
function serverFacts(client: Client): { serverVersion: string; strictKex: boolean } {
  const inside = client as unknown as { _remoteVer?: unknown; _protocol?: { _strictMode?: unknown } };
  return {
    serverVersion: typeof inside._remoteVer === 'string' ? printable(inside._remoteVer, 200) : 'unknown',
    strictKex: inside._protocol?._strictMode === true,
  };
}

function lostConnection(where: { host: string; port: number }): SshError {
  return new SshError(
    'ssh.lost',
    `The connection to ${where.host}:${where.port} was lost. Connect again when the network is back.`,
  );
}

function passwordExpired(where: { host: string; username: string }): SshError {
  return new SshError(
    'ssh.authFailed',
    `The password of ${where.username} on ${where.host} has expired. Set a new one on the device itself, then connect again.`,
  );
}
