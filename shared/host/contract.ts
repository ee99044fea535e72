import { adminService } from './admin.ts';
import { appService } from './app.ts';
import { blobsService } from './blobs.ts';
import type { ContractClient, ContractHandlers, ContractSpec } from './define.ts';
import { documentsService } from './documents.ts';
import { journalService } from './journal.ts';
import { logsService } from './logs.ts';
import { sshService } from './ssh.ts';
import { syncService } from './sync.ts';
import { vaultService } from './vault.ts';

/** Everything a renderer can ask of its host. */
export const hostContract = {
  app: appService,
  journal: journalService,
  vault: vaultService,
  sync: syncService,
  blobs: blobsService,
  ssh: sshService,
  logs: logsService,
  documents: documentsService,
  admin: adminService,
} satisfies ContractSpec;

export type HostContract = typeof hostContract;
/** What a screen holds in its hand. */
export type HostClient = ContractClient<HostContract>;
export type HostHandlers = ContractHandlers<HostContract>;
