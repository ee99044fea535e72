import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppInfoSchema } from '#shared/host/app.ts';
import type { DataDir } from '../workspace/data-dir.ts';
import { JsonFile } from '../workspace/json-file.ts';

const WipedSchema = z.object({
  ...AppInfoSchema.shape.wiped.unwrap().shape,
  /** The passphrase of the quarantine file, sealed by the operating system, where no person has chosen one. */
  sealedPassphrase: z.string().optional(),
});
/** What became of a workspace. */
export type Wiped = z.infer<typeof WipedSchema>;

/**
 * Writes down that everything goes, before anything does: from here on there is no way back, and a start that finds this
 * goes on with {@link finishWipe}.
 */
export async function beginWipe(dir: DataDir, result: Wiped): Promise<void> {
  await new JsonFile(dir.wiping, WipedSchema).write(result);
}

/**
 * Destroys the workspace, keys first: whatever is left after a cut cannot be opened. `workspace.json` goes last, so that a
 * half destroyed folder is never taken for an empty one. Settings stay. Nothing may have these files open.
 */
export async function finishWipe(dir: DataDir): Promise<void> {
  if (!existsSync(dir.wiping)) return;
  const inRoot = (name: string): string => join(dir.root, name);
  for (const path of [
    dir.vault,
    dir.access,
    dir.carried,
    dir.journal,
    dir.blobs,
    dir.uploads,
    inRoot('recordings'),
    inRoot('known-hosts.json'),
    dir.authorities,
    dir.unfinishedUploads,
    dir.sync,
    dir.workspace,
  ]) {
    await rm(path, { recursive: true, force: true });
  }
  await rename(dir.wiping, dir.wiped);
}

/** What became of the workspace before, `undefined` when nothing did. */
export function readWiped(dir: DataDir): Promise<Wiped | undefined> {
  return new JsonFile(dir.wiped, WipedSchema).read();
}

/** A new workspace was chosen: the old one is history, but for what opens its quarantine file. */
export async function forgetWiped(dir: DataDir): Promise<void> {
  const wiped = await readWiped(dir);
  if (wiped?.sealedPassphrase === undefined) await rm(dir.wiped, { force: true });
  else await rename(dir.wiped, dir.quarantine);
}

/** The sealed passphrase of the quarantine file that was made here last. */
export async function readQuarantine(dir: DataDir): Promise<string | undefined> {
  return (await new JsonFile(dir.quarantine, WipedSchema).read())?.sealedPassphrase;
}
