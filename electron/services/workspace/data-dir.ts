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
  };
}
