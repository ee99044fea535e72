import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { parseHostKey } from './host-key.ts';
import type { HostKey } from './host-key.ts';
import { SshError } from './ssh-error.ts';

const knownHostSchema = z.object({
  host: z.string(),
  port: z.number().int(),
  algorithm: z.string(),
  key: z.string(),
  fingerprint: z.string(),
  bits: z.number().int().optional(),
  /** When and by whom it was trusted: evidence for the day the key changes. */
  trustedAt: z.string(),
  trustedBy: z.string().optional(),
});
const fileSchema = z.object({ version: z.literal(1), hosts: z.array(knownHostSchema) });

/** A host key that a person trusted for one host and port. */
export type KnownHost = z.infer<typeof knownHostSchema>;

/** What the store says about the key a server showed. */
export type HostKeyVerdict =
  | { readonly kind: 'trusted' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'changed'; readonly known: readonly KnownHost[] };

/**
 * Compares a shown key with the trusted ones of its host. A key of another type than the trusted one
 * counts as changed, never as unknown: otherwise an attacker would only have to offer a type that the
 * user has not seen yet to get the harmless question (OpenSSH says "other keys known" for the same reason).
 */
export function judgeHostKey(known: readonly KnownHost[], shownKey: string): HostKeyVerdict {
  if (known.length === 0) return { kind: 'unknown' };
  return known.some((host) => host.key === shownKey) ? { kind: 'trusted' } : { kind: 'changed', known };
}

/**
 * The host keys this laptop trusts, one JSON file, replaced as a whole (temporary file, fsync, rename):
 * a crash leaves the old or the new file, never half of one. One owner: the host process.
 */
export class KnownHosts {
  readonly #file: string;
  #hosts: KnownHost[];
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string, hosts: KnownHost[]) {
    this.#file = file;
    this.#hosts = hosts;
  }

  /**
   * Opens the store; a missing file is an empty store. A damaged one throws: silently forgetting the
   * keys would turn every changed key into a harmless first contact.
   */
  static async open(file: string): Promise<KnownHosts> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        return new KnownHosts(file, []);
      throw error;
    }
    return new KnownHosts(file, fileSchema.parse(JSON.parse(text)).hosts);
  }

  list(): readonly KnownHost[] {
    return this.#hosts;
  }

  of(host: string, port: number): readonly KnownHost[] {
    const name = normalise(host);
    return this.#hosts.filter((known) => known.host === name && known.port === port);
  }

  /**
   * Trusts a key on the word of a person. A host that already has another key is refused with
   * 'ssh.hostKeyChanged' unless `replace` says that the old keys are to go. Resolves when it is on disk.
   */
  async trust(
    entry: { host: string; port: number; key: string; trustedBy?: string },
    options: { at: Date; replace?: boolean },
  ): Promise<HostKey> {
    const hostKey = parseHostKey(Buffer.from(entry.key, 'base64'));
    if (hostKey === undefined)
      throw new SshError('ssh.protocol', 'This is no host key, so it cannot be trusted.');
    const known = this.of(entry.host, entry.port);
    const verdict = judgeHostKey(known, hostKey.key);
    if (verdict.kind === 'changed' && options.replace !== true) {
      throw new SshError(
        'ssh.hostKeyChanged',
        `${entry.host}:${entry.port} is known with another key. Trusting the new one must say that it replaces the old.`,
      );
    }
    if (verdict.kind === 'trusted') return hostKey;
    const trusted: KnownHost = {
      ...hostKey,
      host: normalise(entry.host),
      port: entry.port,
      trustedAt: options.at.toISOString(),
      ...(entry.trustedBy !== undefined && { trustedBy: entry.trustedBy }),
    };
    await this.#save([...this.#hosts.filter((host) => !known.includes(host)), trusted]);
    return hostKey;
  }

  /** Forgets every key of a host; the next connection asks again. */
  async forget(host: string, port: number): Promise<void> {
    const known = this.of(host, port);
    if (known.length > 0) await this.#save(this.#hosts.filter((entry) => !known.includes(entry)));
  }

  #save(hosts: KnownHost[]): Promise<void> {
    this.#hosts = hosts;
    const text = `${JSON.stringify({ version: 1, hosts }, undefined, 2)}\n`;
    const saved = this.#saving.then(() => replaceFile(this.#file, text));
    // The next save must not fail because this one did; its own caller hears of it.
    this.#saving = saved.catch(() => undefined);
    return saved;
  }
}

function normalise(host: string): string {
  return host.trim().toLowerCase().replace(/\.$/, '');
}

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.new`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  // Windows cannot open a folder; there the rename itself is written through.
  if (process.platform === 'win32') return;
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
