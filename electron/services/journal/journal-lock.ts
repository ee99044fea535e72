import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDiskFull, JournalError } from './journal-error.ts';

interface Owner {
  readonly pid: number;
  readonly bootId: string;
  /** When the process started, in the kernel's ticks: a pid is used again, this pair is not. */
  readonly started: string;
  readonly released: boolean;
  /** The file's own number in its file system: in a copy of the folder it is another one. Missing in files of earlier versions. */
  readonly file?: string;
}

const LOCK = /^owner\.(\d{10})$/;

/**
 * One owner for a folder. The owner is whoever made the highest `owner.<number>`
 * file; the number is the fencing number. A file is made whole by a hard link,
 * which exactly one of several processes can do, so there is no moment in which
 * two of them take over from the same dead owner.
 */
export class JournalLock {
  /** Higher than that of any owner before. */
  readonly fence: number;
  /** The folder is a copy, or was brought here from another disk, since it was last in use. */
  readonly isCopy: boolean;
  readonly #dir: string;

  private constructor(dir: string, fence: number, isCopy: boolean) {
    this.#dir = dir;
    this.fence = fence;
    this.isCopy = isCopy;
  }

  /** @throws JournalError `journal.locked` while another living process owns the folder. */
  static async take(dir: string, bootId: string): Promise<JournalLock> {
    const last = await highestFence(dir);
    const owner = last > 0 ? await readOwner(join(dir, fileName(last))) : undefined;
    if (owner !== undefined && owner !== 'copied' && isAlive(owner, bootId)) throw locked(owner);
    const fence = last + 1;
    const mine: Owner = { pid: process.pid, bootId, started: startOf(process.pid), released: false };
    const temp = await writeTemp(dir, mine);
    try {
      await link(temp, join(dir, fileName(fence)));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') throw locked(undefined);
      throw thrown;
    } finally {
      await rm(temp, { force: true });
    }
    // Whoever was slow between looking and linking finds a higher number, and steps back.
    if ((await highestFence(dir)) !== fence) {
      await rm(join(dir, fileName(fence)), { force: true });
      throw locked(undefined);
    }
    for (const old of await fences(dir)) if (old < fence) await rm(join(dir, fileName(old)), { force: true });
    return new JournalLock(dir, fence, owner === 'copied');
  }

  /** False once another process has taken over: nothing may be written any more. */
  isHeld(): boolean {
    return (
      existsSync(join(this.#dir, fileName(this.fence))) &&
      !existsSync(join(this.#dir, fileName(this.fence + 1)))
    );
  }

  /** Lets the next one in. The number stays behind, so that theirs is higher. */
  async release(bootId: string): Promise<void> {
    if (!this.isHeld()) return;
    try {
      const temp = await writeTemp(this.#dir, { pid: process.pid, bootId, started: '', released: true });
      await rename(temp, join(this.#dir, fileName(this.fence)));
    } catch (thrown) {
      // On a full disk the note stays unwritten: once this process has ended, the next one takes over all the same.
      if (!isDiskFull(thrown)) throw thrown;
    }
  }
}

/** Makes the folder if need be and its owner this process. @throws JournalError `journal.locked`, `journal.diskFull`. */
export async function takeJournalLock(dir: string, bootId: string): Promise<JournalLock> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    return await JournalLock.take(dir, bootId);
  } catch (thrown) {
    if (!isDiskFull(thrown)) throw thrown;
    throw new JournalError(
      'journal.diskFull',
      'The disk is too full to start. Free some space and start again; everything saved is safe.',
    );
  }
}

function fileName(fence: number): string {
  return `owner.${fence.toString().padStart(10, '0')}`;
}

async function fences(dir: string): Promise<number[]> {
  return (await readdir(dir)).flatMap((name) => {
    const match = LOCK.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

async function highestFence(dir: string): Promise<number> {
  return Math.max(0, ...(await fences(dir)));
}

async function writeTemp(dir: string, owner: Owner): Promise<string> {
  const path = join(dir, `owner-${randomBytes(8).toString('hex')}.tmp`);
  const file = await open(path, 'wx', 0o600);
  try {
    const { ino } = await file.stat({ bigint: true });
    await file.writeFile(JSON.stringify({ ...owner, file: String(ino) }));
    await file.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await file.close();
  }
  return path;
}

/**
 * `undefined` for a file that says nothing (an owner of a torn disk): nobody alive wrote it. `copied` for one that came with a
 * copy of the folder: whoever it names has the other folder.
 */
async function readOwner(path: string): Promise<Owner | 'copied' | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value)) return undefined;
    const owner = value as Owner;
    const { ino } = await stat(path, { bigint: true });
    return owner.file === undefined || owner.file === String(ino) ? owner : 'copied';
  } catch (thrown) {
    if (thrown instanceof SyntaxError || (thrown as NodeJS.ErrnoException).code === 'ENOENT')
      return undefined;
    throw thrown;
  }
}

function isAlive(owner: Owner, bootId: string): boolean {
  if (owner.released) return false;
  // Where the system names its boots, an owner from another boot is gone whatever its pid does now.
  if (startOf(process.pid) !== '' && owner.bootId !== bootId) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startOf(owner.pid);
  return started === '' || owner.started === '' || started === owner.started;
}

/** Field 22 of /proc/<pid>/stat; `''` where there is no such thing. The name before it may hold spaces. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie runs no more: it counts as dead, though its pid still answers.
    if (fields[0] === 'Z') return 'zombie';
    return fields[19] ?? '';
  } catch {
    // No /proc, or the process has just gone: the pid alone has to do.
    return '';
  }
}

function locked(owner: Owner | undefined): JournalError {
  return new JournalError(
    'journal.locked',
    `Another Faultline${owner === undefined ? '' : ` (process ${owner.pid})`} is using this data folder. ` +
      'Close it, or start this one with another folder.',
    owner === undefined ? {} : { pid: owner.pid },
  );
}
