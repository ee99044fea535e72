import { join } from 'node:path';
import { spawnWorkerThread } from '#electron/services/host/spawn-worker-thread.ts';
import { connectContract } from '#shared/host/client.ts';
import type { ServiceClient } from '#shared/host/define.ts';
import { sshWorkerContract } from '#shared/host/ssh-worker.ts';
import type { Sshd } from './sshd.ts';

type Sessions = ServiceClient<typeof sshWorkerContract.sshWorker>;

/** A terminal session on a device, as the host has it through the worker's contract. */
export interface HostedSession {
  readonly recordingPath: string;
  output(): ReturnType<Sessions['output']>;
  type(text: string): Promise<unknown>;
  /** Ends it; the recording stays. */
  close(): Promise<unknown>;
}

/** The worker with the sessions, started as a host without Electron starts it, and one device it trusts. */
export class SessionHost {
  readonly #device: Pick<Sshd, 'host' | 'port' | 'username' | 'privateKey'>;
  readonly #folder: string;
  readonly #worker = spawnWorkerThread('sessions');
  #sessions: Sessions | undefined;
  #knownKeys: Parameters<Sessions['connect']>[0]['knownKeys'] = [];

  /** Recordings go to `folder`. */
  constructor(device: Pick<Sshd, 'host' | 'port' | 'username' | 'privateKey'>, folder: string) {
    this.#device = device;
    this.#folder = folder;
  }

  /** Opens a shell whose output is as the program writes it: no echo, no line ends rewritten, no prompt. */
  async openRaw(): Promise<HostedSession> {
    const session = await this.open();
    await session.type("bind 'set enable-bracketed-paste off'; PS1=\n");
    await session.type("stty raw -opost -echo; printf 'BE''GIN'\n");
    return session;
  }

  /** Opens a shell. */
  async open(): Promise<HostedSession> {
    this.#sessions ??= (await connectContract(sshWorkerContract, this.#worker.transport)).client.sshWorker;
    const sessions = this.#sessions;
    const { host, port, username, privateKey } = this.#device;
    const sessionId = crypto.randomUUID();
    const recordingPath = join(this.#folder, `${sessionId}.cast`);
    const outcome = await sessions.connect({
      sessionId,
      host,
      port,
      username,
      secret: { kind: 'privateKey', privateKey },
      knownKeys: this.#knownKeys,
      title: 'bench',
      cols: 120,
      rows: 40,
      charset: 'utf-8',
      legacyAlgorithms: false,
      recordingPath,
    });
    if (outcome.kind === 'hostKeyUnknown') {
      this.#knownKeys = [{ host, port, ...outcome.hostKey, trustedAt: new Date().toISOString() }];
      return this.open();
    }
    if (outcome.kind !== 'connected') throw new Error(outcome.kind);
    return {
      recordingPath,
      output: () => sessions.output({ sessionId }),
      type: (text) => sessions.write({ sessionId, data: Buffer.from(text) }),
      close: () => sessions.close({ sessionId }),
    };
  }

  async stop(): Promise<void> {
    const exited = new Promise<void>((resolve) => this.#worker.onExit(() => resolve()));
    this.#worker.kill();
    await exited;
  }
}
