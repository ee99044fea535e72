import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { HostError } from '#shared/host/errors.ts';
import type { Credential, NewCredential, VaultState } from '#shared/host/vault.ts';
import { syncFolder, writeAtomically } from '../workspace/write-atomically.ts';
import {
  deriveKey,
  makePassphraseLock,
  openPassphraseLock,
  type PassphraseLock,
  PassphraseLockSchema,
  seal,
  unseal,
} from './passphrase-key.ts';
import type { SecretStore } from './secret-store.ts';

/** A secret as whoever logs in needs it. It never leaves the host and its workers. */
export type Secret =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'privateKey'; readonly privateKey: string; readonly passphrase?: string };

const SecretSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('password'), password: z.string() }),
  z.object({ kind: z.literal('privateKey'), privateKey: z.string(), passphrase: z.string().optional() }),
]);

const EntrySchema = z.object({
  label: z.string(),
  username: z.string(),
  kind: z.enum(['password', 'privateKey']),
  /** Secrets of the host itself (the login at the server) are in no list. */
  internal: z.boolean(),
  by: z.enum(['os', 'passphrase']),
  sealed: z.string(),
});
type Entry = z.infer<typeof EntrySchema>;

const FileSchema = z.object({
  version: z.literal(1),
  passphrase: PassphraseLockSchema.optional(),
  entries: z.record(z.string(), EntrySchema),
});

interface Unkept extends Omit<Entry, 'by' | 'sealed'> {
  readonly secret: Secret;
}

/**
 * Where secrets are kept: sealed by the key store of the operating system, or
 * by a passphrase, or, where there is neither, in memory until the application
 * quits. Never in plain text on the disk. Labels and user names are no secrets.
 */
export class Vault {
  readonly #file: string;
  readonly #store: SecretStore;
  readonly #entries: Map<string, Entry>;
  readonly #untilQuit = new Map<string, Unkept>();
  #lock: PassphraseLock | undefined;
  #key: Buffer | undefined;
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string, store: SecretStore, content: z.infer<typeof FileSchema>) {
    this.#file = file;
    this.#store = store;
    this.#lock = content.passphrase;
    this.#entries = new Map(Object.entries(content.entries));
  }

  /** @throws HostError `vault.damaged` when the file cannot be read; it is left as it is. */
  static async open(file: string, store: SecretStore): Promise<Vault> {
    return new Vault(file, store, await readVault(file));
  }

  async state(): Promise<VaultState> {
    if ((await this.#store.state()).kind === 'os') return 'os';
    if (this.#lock === undefined) return 'unavailable';
    return this.#key === undefined ? 'locked' : 'passphrase';
  }

  list(): Credential[] {
    const stored = [...this.#entries].map(([id, entry]) => ({ id, entry, kept: 'stored' as const }));
    const unkept = [...this.#untilQuit].map(([id, entry]) => ({ id, entry, kept: 'untilQuit' as const }));
    return [...stored, ...unkept]
      .filter(({ entry }) => !entry.internal)
      .map(({ id, entry, kept }) => ({
        id,
        label: entry.label,
        username: entry.username,
        kind: entry.kind,
        kept,
      }));
  }

  /** @throws HostError `vault.locked`. */
  async save(credential: NewCredential): Promise<Credential> {
    const id = credential.id ?? randomUUID();
    const { label, username, kind } = credential;
    const secret: Secret = SecretSchema.parse(credential);
    const kept = await this.#keep(id, { label, username, kind, internal: false, secret });
    return { id, label, username, kind, kept };
  }

  async remove(id: string): Promise<void> {
    this.#untilQuit.delete(id);
    if (this.#entries.delete(id)) await this.#write();
  }

  /** For the host only. @throws HostError `vault.unknownCredential`, `vault.locked`, `vault.cannotOpen`. */
  async resolve(id: string): Promise<Secret> {
    const unkept = this.#untilQuit.get(id);
    if (unkept !== undefined) return unkept.secret;
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new HostError(
        'vault.unknownCredential',
        'This login is no longer in the vault. Choose or enter another one.',
      );
    }
    return SecretSchema.parse(JSON.parse(await this.#open(id, entry)));
  }

  /** Keeps a secret of the host itself; while the vault is locked until the application quits. */
  async keepInternal(name: string, value: string): Promise<void> {
    const secret: Secret = { kind: 'password', password: value };
    const entry: Unkept = { label: name, username: '', kind: 'password', internal: true, secret };
    if ((await this.state()) === 'locked') this.#untilQuit.set(`internal/${name}`, entry);
    else await this.#keep(`internal/${name}`, entry);
  }

  /** `undefined` when there is none, or it cannot be opened now. */
  async readInternal(name: string): Promise<string | undefined> {
    try {
      const secret = await this.resolve(`internal/${name}`);
      return secret.kind === 'password' ? secret.password : undefined;
    } catch (thrown) {
      // Without it one logs in again: not worth refusing to start.
      if (thrown instanceof HostError) return undefined;
      throw thrown;
    }
  }

  /** `closed`: there is one, and it waits for the passphrase; another must not be made in its place. */
  async internalState(name: string): Promise<'none' | 'open' | 'closed'> {
    const id = `internal/${name}`;
    if (this.#untilQuit.has(id)) return 'open';
    const entry = this.#entries.get(id);
    if (entry === undefined) return 'none';
    return entry.by === 'passphrase' && this.#key === undefined ? 'closed' : 'open';
  }

  async removeInternal(name: string): Promise<void> {
    await this.remove(`internal/${name}`);
  }

  /** How a passphrase opens this vault, `undefined` when there is none. It holds no secret that the passphrase does not guard. */
  get passphraseLock(): PassphraseLock | undefined {
    return this.#lock;
  }

  /** A key for one purpose, made of the vault's own. @throws HostError `vault.locked`. */
  derivedKey(salt: Buffer, purpose: string): Buffer {
    return deriveKey(this.#openKey(), salt, purpose);
  }

  /**
   * Checks the passphrase of a vault that is open.
   * @throws HostError `vault.wrongPassphrase`.
   */
  async verify(passphrase: string): Promise<void> {
    if (this.#lock === undefined) return;
    if ((await openPassphraseLock(passphrase, this.#lock)) === undefined) throw wrongPassphrase();
  }

  /** Forgets every secret and the passphrase, on the disk and in memory: nothing that they sealed can be opened any more. */
  async destroy(): Promise<void> {
    this.#forget();
    // Taken away, not written empty: that needs no room on a full disk.
    await this.#inTurn(async () => {
      // A passphrase may have come to count while this waited for its turn.
      this.#forget();
      await rm(this.#file, { force: true });
      await syncFolder(dirname(this.#file));
    });
  }

  /** @throws HostError `vault.exists`. */
  async createPassphrase(passphrase: string): Promise<void> {
    if (this.#lock !== undefined) throw exists();
    const { lock, key } = await makePassphraseLock(passphrase);
    await this.#inTurn(async () => {
      // Somebody may have made one meanwhile, and what is sealed by its key must go on being opened by it.
      if (this.#lock !== undefined) throw exists();
      await writeAtomically(this.#file, this.#text(lock));
      // Only a lock that the file knows may seal anything, or keep anybody out.
      this.#lock = lock;
      this.#key = key;
    });
    await this.#keepUnkept();
  }

  /** @throws HostError `vault.wrongPassphrase`. */
  async unlock(passphrase: string): Promise<void> {
    if (this.#lock === undefined) return;
    const key = await openPassphraseLock(passphrase, this.#lock);
    if (key === undefined) throw wrongPassphrase();
    this.#key = key;
    await this.#keepUnkept();
  }

  lock(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }

  #forget(): void {
    this.lock();
    this.#lock = undefined;
    this.#entries.clear();
    this.#untilQuit.clear();
  }

  async #keepUnkept(): Promise<void> {
    for (const [id, entry] of this.#untilQuit) {
      if ((await this.#keep(id, entry)) === 'stored') this.#untilQuit.delete(id);
    }
  }

  async #keep(id: string, { secret, ...entry }: Unkept): Promise<Credential['kept']> {
    const state = await this.state();
    if (state === 'locked') throw locked();
    if (state === 'unavailable') {
      this.#entries.delete(id);
      this.#untilQuit.set(id, { ...entry, secret });
      return 'untilQuit';
    }
    const plain = JSON.stringify(secret);
    const sealed =
      state === 'os'
        ? Buffer.from(await this.#store.seal(plain)).toString('base64')
        : seal(this.#openKey(), Buffer.from(plain, 'utf8'), contextOf(id));
    const before = { entry: this.#entries.get(id), unkept: this.#untilQuit.get(id) };
    const kept: Entry = { ...entry, by: state, sealed };
    this.#entries.set(id, kept);
    this.#untilQuit.delete(id);
    try {
      await this.#write();
    } catch (thrown) {
      // It is not stored, and must not be shown as if it were.
      if (this.#entries.get(id) === kept) {
        if (before.entry === undefined) this.#entries.delete(id);
        else this.#entries.set(id, before.entry);
        if (before.unkept !== undefined) this.#untilQuit.set(id, before.unkept);
      }
      throw thrown;
    }
    return 'stored';
  }

  async #open(id: string, entry: Entry): Promise<string> {
    if (entry.by === 'passphrase') {
      const plain = unseal(this.#openKey(), entry.sealed, contextOf(id));
      if (plain === undefined) throw cannotOpen();
      return plain.toString('utf8');
    }
    if ((await this.#store.state()).kind !== 'os') throw cannotOpen();
    const { secret, sealAgain } = await this.#store.open(Buffer.from(entry.sealed, 'base64'));
    if (sealAgain) {
      this.#entries.set(id, {
        ...entry,
        sealed: Buffer.from(await this.#store.seal(secret)).toString('base64'),
      });
      await this.#write();
    }
    return secret;
  }

  #openKey(): Buffer {
    if (this.#key === undefined) throw locked();
    return this.#key;
  }

  #text(lock: PassphraseLock | undefined): string {
    const content = { version: 1, passphrase: lock, entries: Object.fromEntries(this.#entries) };
    return JSON.stringify(content, undefined, 2);
  }

  /** Writes what is known when its turn comes. */
  #write(): Promise<void> {
    return this.#inTurn(() => writeAtomically(this.#file, this.#text(this.#lock)));
  }

  /** One after the other; a failure is its own caller's, the next one writes all the same. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#saving.then(work);
    this.#saving = turn.catch(() => undefined);
    return turn;
  }
}

/** Binds a sealed secret to its entry. */
const contextOf = (id: string): string => `faultline-vault-entry-1:${id}`;

async function readVault(file: string): Promise<z.infer<typeof FileSchema>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { version: 1, entries: {} };
    throw thrown;
  }
  try {
    return FileSchema.parse(JSON.parse(text));
  } catch {
    // Whatever is wrong with it: it may still be mended by hand, so nothing writes over it.
    throw new HostError(
      'vault.damaged',
      'The file with the sealed logins is damaged. Restore vault.json from a backup, or move it away and enter the logins again.',
    );
  }
}

function exists(): HostError {
  return new HostError('vault.exists', 'This computer already has a vault with a passphrase. Unlock it.');
}

function wrongPassphrase(): HostError {
  return new HostError('vault.wrongPassphrase', 'That is not the passphrase. Try again.');
}

function locked(): HostError {
  return new HostError('vault.locked', 'The vault is locked. Enter its passphrase first.');
}

function cannotOpen(): HostError {
  return new HostError(
    'vault.cannotOpen',
    'This login can no longer be opened on this computer. Enter it again.',
  );
}
