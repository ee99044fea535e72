import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hostContract, type HostHandlers } from '#shared/host/contract.ts';
import { documentsService, reportsWorkerContract } from '#shared/host/documents.ts';
import { logsContract, logsService } from '#shared/host/logs.ts';
import type { Transport } from '#shared/host/messages.ts';
import { proxyService } from '#shared/host/proxy.ts';
import { serveContract, type ServeOptions } from '#shared/host/serve.ts';
import { sshWorkerContract } from '#shared/host/ssh-worker.ts';
import { createAdminHandlers } from '../admin/handlers.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { createBlobHandlers } from '../blobs/handlers.ts';
import { systemClock } from '../journal/clock.ts';
import { createJournalHandlers } from '../journal/handlers.ts';
import { createSshHandlers } from '../ssh/handlers.ts';
import { createSyncHandlers } from '../sync/handlers.ts';
import { createVaultHandlers } from '../vault/handlers.ts';
import { Vault } from '../vault/vault.ts';
import { openDataDir } from '../workspace/data-dir.ts';
import { createAppHandlers } from '../workspace/handlers.ts';
import { WorkspaceHolder } from '../workspace/workspace-holder.ts';
import { Changes } from './changes.ts';
import type { HostPorts } from './ports.ts';
import { WorkerLink } from './worker-link.ts';

export interface Host {
  readonly handlers: HostHandlers;
  /** Serves the contract over one transport until it closes. */
  attach(transport: Transport, options?: Pick<ServeOptions, 'admit'>): void;
  /** Ends workers and sync and closes the journal. */
  close(): Promise<void>;
}

/**
 * Puts the services together: everything a window can ask for, over whatever
 * transport it comes.
 * @throws JournalError `journal.locked` while another process has the data folder; HostError `vault.damaged`.
 */
export async function createHost(ports: HostPorts): Promise<Host> {
  const clock = ports.clock ?? systemClock();
  const dir = await openDataDir(ports.paths.data);
  const vault = await Vault.open(dir.vault, ports.secrets);
  const blobs = await BlobStore.open(dir.blobs);
  const holder = await WorkspaceHolder.open({
    dir,
    vault,
    blobs,
    clock,
    random: ports.random ?? Math.random,
    seedDemo: ports.seedDemo ?? (async () => undefined),
    ...(ports.syncTiming !== undefined && { timing: ports.syncTiming }),
  });
  const changes = new Changes();
  const monotonicMs = (): number => clock.monotonicMs();
  const fontsDir = join(ports.paths.resources, 'fonts');
  const reportsSettings = {
    blobsDir: dir.blobs,
    ...(existsSync(join(fontsDir, 'NotoSansSC_400Regular.ttf')) && { fontsDir }),
  };
  const sessions = new WorkerLink({
    name: 'sessions',
    contract: sshWorkerContract,
    spawn: () => ports.spawnWorker('sessions'),
    monotonicMs,
  });
  const indexer = new WorkerLink({
    name: 'indexer',
    contract: logsContract,
    spawn: () => ports.spawnWorker('indexer'),
    monotonicMs,
  });
  const reports = new WorkerLink({
    name: 'reports',
    contract: reportsWorkerContract,
    spawn: () => ports.spawnWorker('reports', reportsSettings),
    monotonicMs,
  });

  const handlers: HostHandlers = {
    app: await createAppHandlers({ ports, holder, vault, settingsFile: dir.settings, changes }),
    journal: createJournalHandlers(() => {
      const { journal, workspace } = holder.demand();
      return { journal, deviceCode: workspace.deviceCode };
    }),
    vault: createVaultHandlers(vault, () => {
      changes.notify();
      void holder.useStoredToken();
    }),
    sync: createSyncHandlers({
      workspace: () => holder.demand(),
      nowMs: () => clock.nowMs(),
    }),
    blobs: await createBlobHandlers({
      store: blobs,
      uploadDir: dir.uploads,
      fetchBlob: async (sha256, signal) => {
        const size = await blobs.size(sha256);
        if (size !== undefined) return { sha256, size };
        const engine = holder.current?.engine;
        // Without a server there is no other place to look: the read says that it is missing.
        if (engine === undefined) return { sha256, size: (await blobs.read(sha256)).length };
        return engine.fetchBlob(sha256, signal);
      },
    }),
    ssh: createSshHandlers({
      worker: async () => (await sessions.client()).sshWorker,
      resolveCredential: (id) => vault.resolve(id),
      blobs,
      dataDir: dir.root,
      wallMs: () => clock.nowMs(),
    }),
    logs: proxyService(logsService, async () => (await indexer.client()).logs),
    documents: proxyService(documentsService, async () => (await reports.client()).documents),
    admin: createAdminHandlers(() => holder.demand().engine),
  };

  return {
    handlers,
    attach: (transport, options = {}) =>
      serveContract(hostContract, handlers, transport, {
        ...options,
        ...(ports.onFault !== undefined && { onFault: ports.onFault }),
      }),
    close: async () => {
      for (const link of [sessions, indexer, reports]) link.close();
      await holder.close();
    },
  };
}
