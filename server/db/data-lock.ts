import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const LOCK = 'server.lock';

/** Who holds a data folder. `startedAt` is the kernel's start time of the process, where it can be read: pids come again. */
const OwnerSchema = z.object({
  nonce: z.uuid(),
  pid: z.int().positive(),
  host: z.string(),
  startedAt: z.string(),
});
type Owner = Readonly<z.infer<typeof OwnerSchema>>;

export class DataFolderLocked extends Error {
  readonly code = 'server.dataLocked';
  override readonly name = 'DataFolderLocked';
}

/**
 * Takes the data folder for this process: PGlite itself lets two processes
 * write one folder and ruin it. A lock whose owner is gone is taken over.
 * @returns a function that gives the folder free again.
 * @throws DataFolderLocked while another living process holds it.
 */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, LOCK);
  // Before anything is written: on a full disk too it is said that a server is at work here, and commands find it.
  await deadOwner(folder, path);
  const mine: Owner = {
    nonce: randomUUID(),
    pid: process.pid,
    host: hostname(),
    startedAt: await processStart(process.pid),
  };
  const draft = `${path}.${mine.nonce}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      // A hard link appears whole or not at all, and never replaces what is there.
      if (await linked(draft, path)) return () => release(path, mine.nonce);
      const owner = await deadOwner(folder, path);
      if (owner === undefined) continue;
      if (await takeOver(folder, draft, owner.nonce)) return () => release(path, mine.nonce);
    }
    throw new DataFolderLocked(`The lock ${path} kept changing hands. Start one server at a time.`);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Who has left the lock behind, `undefined` where there is none.
 * @throws DataFolderLocked while its owner lives.
 */
async function deadOwner(folder: string, path: string): Promise<Owner | undefined> {
  const owner = await readOwner(path);
  if (owner === undefined || !(await lives(owner))) return owner;
  throw new DataFolderLocked(
    `Another Faultline server (process ${owner.pid} on ${owner.host}) is using ${folder}. ` +
      `Two servers would ruin its database. Stop that one, or start this one with another --data folder. ` +
      `If you are sure that it is gone, delete ${path}.`,
  );
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return OwnerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataFolderLocked(`The lock ${path} cannot be read. If no server runs here, delete it.`, {
      cause: error,
    });
  }
}

async function lives(owner: Owner): Promise<boolean> {
  // Another machine's process cannot be asked: believe its lock.
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return owner.startedAt === (await processStart(owner.pid));
}

/**
 * Puts our lock in the place of a dead owner's. Of those who want to do that one becomes its heir, and looks
 * again then: the lock may have been replaced since it was judged.
 */
async function takeOver(folder: string, draft: string, deadNonce: string): Promise<boolean> {
  const path = join(folder, LOCK);
  const heirs = await becomeHeir(folder, draft, deadNonce);
  if (heirs === undefined) return false;
  const [mine, ...dead] = heirs;
  try {
    if ((await readOwner(path))?.nonce !== deadNonce) return false;
    // Not `draft` itself: renaming one name of a file onto another name of it does nothing, and keeps both.
    await copyFile(draft, `${draft}.new`);
    await rename(`${draft}.new`, path);
    // Only now: whoever becomes an heir from here on finds another lock than the one that it judged.
    for (const heir of dead) await rm(heir, { force: true });
    return true;
  } finally {
    await rm(mine, { force: true });
  }
}

/**
 * A dead process has one heir: whose hard link it is. An heir that died on the way has one of its own.
 * @returns our link and then those of heirs that died, `undefined` when another one has settled it meanwhile.
 * @throws DataFolderLocked while a living process is at it.
 */
async function becomeHeir(
  folder: string,
  draft: string,
  deadNonce: string,
): Promise<[string, ...string[]] | undefined> {
  const dead: string[] = [];
  for (let nonce = deadNonce; ;) {
    const heir = join(folder, `${LOCK}.heir-of-${nonce}`);
    if (await linked(draft, heir)) return [heir, ...dead];
    const other = await readOwner(heir);
    if (other === undefined) return undefined;
    if (await lives(other)) {
      throw new DataFolderLocked(
        `Another Faultline server (process ${other.pid} on ${other.host}) is just starting in ${folder}. ` +
          `If you are sure that there is none, delete ${heir}.`,
      );
    }
    dead.push(heir);
    ({ nonce } = other);
  }
}

async function release(path: string, nonce: string): Promise<void> {
  if ((await readOwner(path))?.nonce === nonce) await rm(path, { force: true });
}

/** Field 22 of /proc/<pid>/stat (proc(5)); empty where there is no /proc, and then only the pid counts. */
async function processStart(pid: number): Promise<string> {
  if (process.platform !== 'linux') return '';
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
