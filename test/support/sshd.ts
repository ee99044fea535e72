import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './listen.ts';

const run = promisify(execFile);

/** The kinds of host keys a server may own. */
export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshdOptions {
  /** Kinds of host keys to generate, or ready private keys in OpenSSH format. Default: one ed25519 key. */
  readonly hostKeys?: readonly (HostKeyType | { readonly privateKey: string })[];
  /** Lines of `authorized_keys` beside the key made for the caller. */
  readonly authorizedKeys?: readonly string[];
  /** Further lines of `sshd_config`; they stand first, so they win over ours. */
  readonly configLines?: readonly string[];
  /** 0, the default, takes a free port. */
  readonly port?: number;
}

export interface Sshd {
  readonly host: string;
  readonly port: number;
  /** The account that runs the tests: a server without root can log in nobody else. */
  readonly username: string;
  /** OpenSSH text of a key that this server accepts. */
  readonly privateKey: string;
  /** OpenSSH text of the host keys, to start a second server that is the same machine. */
  readonly hostPrivateKeys: readonly string[];
  /** `SHA256:…` of the first host key, as `ssh-keygen -l` prints it. */
  readonly hostKeyFingerprint: string;
  readonly pid: number;
  /** What the server wrote to its log so far. */
  log(): string;
  /** Ends every open connection by ending their processes, but not the server. */
  dropConnections(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts Debian's OpenSSH server on a free port of 127.0.0.1 with keys and settings of its own in a
 * temporary folder. It accepts one freshly made key and no password. Resolves when it answers.
 */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-sshd-'));
  const hostKeyFiles: string[] = [];
  for (const [index, key] of (options.hostKeys ?? ['ed25519' as const]).entries()) {
    const file = join(folder, `host-${index}`);
    if (typeof key === 'string') await generateKey(file, key);
    else await adoptKey(file, key.privateKey);
    hostKeyFiles.push(file);
  }
  await generateKey(join(folder, 'user'), 'ed25519');
  const authorized = [await readFile(join(folder, 'user.pub'), 'utf8'), ...(options.authorizedKeys ?? [])];
  await writeFile(join(folder, 'authorized_keys'), `${authorized.join('\n')}\n`, { mode: 0o600 });

  // sshd refuses to start as root without its privilege separation folder, which only Debian's unit makes.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const port = options.port === undefined || options.port === 0 ? await freePort() : options.port;
  await writeFile(
    join(folder, 'sshd_config'),
    [
      ...(options.configLines ?? []),
      `ListenAddress 127.0.0.1:${port}`,
      ...hostKeyFiles.map((file) => `HostKey ${file}`),
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      `PidFile none`,
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'PrintMotd no',
      'PrintLastLog no',
      'AcceptEnv LANG LC_*',
      'LogLevel VERBOSE',
      'MaxStartups 100',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );

  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-1_000_000);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`sshd ended with ${code}: ${log}`)));
  });
  const { pid } = child;
  await Promise.race([answers(port), failed]);
  failed.catch(() => undefined);
  if (pid === undefined) throw new Error('sshd has no process id');

  return {
    host: '127.0.0.1',
    port,
    pid,
    username: userInfo().username,
    privateKey: await readFile(join(folder, 'user'), 'utf8'),
    hostPrivateKeys: await Promise.all(hostKeyFiles.map((file) => readFile(file, 'utf8'))),
    hostKeyFingerprint: fingerprintOf(await readFile(join(folder, 'host-0.pub'), 'utf8')),
    log: () => log,
    dropConnections: async () => {
      for (const connection of await childrenOf(pid)) process.kill(connection, 'SIGKILL');
    },
    stop: async () => {
      for (const connection of await childrenOf(pid)) {
        await childrenOf(connection).then((own) => own.forEach((process_) => endProcess(process_)));
        endProcess(connection);
      }
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A fresh key pair as OpenSSH text. `passphrase` locks the private key. */
export async function makeKeyPair(
  type: HostKeyType = 'ed25519',
  passphrase = '',
): Promise<{ privateKey: string; publicKey: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-key-'));
  try {
    const file = join(folder, 'key');
    await generateKey(file, type, passphrase);
    return { privateKey: await readFile(file, 'utf8'), publicKey: await readFile(`${file}.pub`, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function generateKey(file: string, type: HostKeyType, passphrase = ''): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'faultline-test', '-f', file]);
}

async function adoptKey(file: string, privateKey: string): Promise<void> {
  await writeFile(file, privateKey, { mode: 0o600 });
  const { stdout } = await run('ssh-keygen', ['-y', '-f', file]);
  await writeFile(`${file}.pub`, stdout);
}

function fingerprintOf(publicKeyLine: string): string {
  const blob = Buffer.from(publicKeyLine.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** Resolves once something at the port greets as an SSH server. Bounded by the caller's test. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const greeted = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
    }).catch(() => false);
    if (greeted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
