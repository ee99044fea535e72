import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where things lie in the data folder. `recordings/` and `known-hosts.json` belong to the remote sessions. */
export interface DataDir {
  readonly root: string;
  readonly journal: string;
  readonly blobs: string;
  readonly uploads: string;
  readonly settings: string;
  readonly workspace: string;
  readonly vault: string;
  /** Failed tries to unlock. */
  readonly access: string;
  /** Certificates of private authorities. */
  readonly authorities: string;
  /** Facts of other laptops, taken in from bundles. */
  readonly carried: string;
  /** How far attachments have got. */
  readonly unfinishedUploads: string;
  /** What the engine remembers over a restart. */
  readonly sync: string;
  /** There while everything is being destroyed, and after. */
  readonly wiping: string;
  readonly wiped: string;
  /** What opens the quarantine file of a workspace that was wiped. */
  readonly quarantine: string;
}

/** Makes the data folder for its owner alone and names its parts. */
export async function openDataDir(root: string): Promise<DataDir> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  return {
    root,
    journal: join(root, 'journal'),
    blobs: join(root, 'blobs'),
    uploads: join(root, 'uploads'),
    settings: join(root, 'settings.json'),
    workspace: join(root, 'workspace.json'),
    vault: join(root, 'vault.json'),
    access: join(root, 'access.json'),
    authorities: join(root, 'authorities'),
    carried: join(root, 'carried'),
    unfinishedUploads: join(root, 'unfinished-uploads.json'),
    sync: join(root, 'sync.json'),
    wiping: join(root, 'wiping.json'),
    wiped: join(root, 'wiped.json'),
    quarantine: join(root, 'quarantine.json'),
  };
}
