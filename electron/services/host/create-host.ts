import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from '#shared/host/app.ts';
import { hostContract, type HostHandlers } from '#shared/host/contract.ts';
import { documentsService, reportsWorkerContract } from '#shared/host/documents.ts';
import { logsContract, logsService } from '#shared/host/logs.ts';
import type { Transport } from '#shared/host/messages.ts';
import { proxyService } from '#shared/host/proxy.ts';
import { serveContract, type ServeOptions } from '#shared/host/serve.ts';
import { sshWorkerContract } from '#shared/host/ssh-worker.ts';
import { Access } from '../access/access.ts';
import { CacheKey } from '../access/cache-key.ts';
import { gateHandlers } from '../access/gate.ts';
import { finishWipe, readQuarantine } from '../access/wipe.ts';
import { createAdminHandlers } from '../admin/handlers.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { createBlobHandlers } from '../blobs/handlers.ts';
import { createBundleHandlers } from '../bundle/handlers.ts';
import { systemClock } from '../journal/clock.ts';
import { createJournalHandlers } from '../journal/handlers.ts';
import { createSshHandlers } from '../ssh/handlers.ts';
import { createSyncHandlers } from '../sync/handlers.ts';
import { Authorities } from '../trust/authorities.ts';
import { createTrustHandlers } from '../trust/handlers.ts';
import { TrustingDispatcher } from '../trust/trusting-dispatcher.ts';
import { createVaultHandlers } from '../vault/handlers.ts';
import { Vault } from '../vault/vault.ts';
import type { SecretStore } from '../vault/secret-store.ts';
import { type DataDir, openDataDir } from '../workspace/data-dir.ts';
import { createAppHandlers } from '../workspace/handlers.ts';
import { WorkspaceHolder } from '../workspace/workspace-holder.ts';
import { Changes } from './changes.ts';
import type { HostPorts } from './ports.ts';
import { WorkerLink } from './worker-link.ts';

export interface Host {
  readonly handlers: HostHandlers;
  /** Serves the contract over one transport until it closes. */
  attach(transport: Transport, options?: Pick<ServeOptions, 'admit'>): void;
  /**
   * Starts the demo workspace if the folder has none yet. Whoever starts the program asks for it, not a screen: a folder that
   * is locked gets it too, and stays locked.
   * @param language that of the settings if not given.
   */
  ensureDemo(language?: Language): Promise<void>;
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
  // Cut off in the middle: what is left has no key any more.
  await finishWipe(dir);
  const vault = await Vault.open(dir.vault, ports.secrets);
  const access = await Access.open(vault, clock, dir.access);
  const cacheKey = new CacheKey(vault);
  const authorities = await Authorities.open(dir.authorities);
  const trust = new TrustingDispatcher(authorities);
  const blobs = await BlobStore.open(dir.blobs);
  const changes = new Changes();
  const holder = await WorkspaceHolder.open({
    dir,
    vault,
    blobs,
    clock,
    random: ports.random ?? Math.random,
    seedDemo: ports.seedDemo ?? (async () => undefined),
    trust,
    exportDir: ports.paths.downloads,
    sealByOs: async (text) =>
      (await ports.secrets.state()).kind === 'os'
        ? Buffer.from(await ports.secrets.seal(text)).toString('base64')
        : undefined,
    timing: ports.syncTiming,
    onChanged: () => changes.notify(),
    onWiped: () => {
      cacheKey.forget();
      authorities.forget();
      access.release();
    },
    onFault: ports.onFault,
  });
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

  const services: HostHandlers = {
    app: await createAppHandlers({
      ports,
      holder,
      vault,
      access,
      cacheKey,
      settingsFile: dir.settings,
      changes,
    }),
    journal: createJournalHandlers(() => {
      const { journal, workspace } = holder.demand();
      return { journal, deviceCode: workspace.deviceCode };
    }),
    vault: createVaultHandlers(
      vault,
      (passphrase) => access.unlock(passphrase),
      () => {
        changes.notify();
        holder.useStoredToken().catch((thrown: unknown) => ports.onFault?.('vault', thrown));
      },
    ),
    sync: createSyncHandlers({
      workspace: () => holder.demand(),
      nowMs: () => clock.nowMs(),
      parts: {
        ...createBundleHandlers({
          withUnsent: (work) => holder.withUnsent(work),
          quarantinePassphrase: () => openQuarantine(dir, ports.secrets),
          exportDir: ports.paths.downloads,
          nowMs: () => clock.nowMs(),
          onTakenIn: () => holder.current?.engine?.now(),
        }),
        ...createTrustHandlers(authorities, () => holder.current?.engine?.now()),
      },
    }),
    blobs: await createBlobHandlers({
      store: blobs,
      uploadDir: dir.uploads,
      monotonicMs,
      fetchBlob: async (sha256, signal) => {
        const size = await blobs.sizeIfWhole(sha256);
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
  const handlers = gateHandlers(services, access);

  return {
    handlers,
    attach: (transport, options = {}) =>
      serveContract(hostContract, handlers, transport, {
        ...options,
        ...(ports.onFault !== undefined && { onFault: ports.onFault }),
      }),
    ensureDemo: async (language) => {
      const context = { signal: new AbortController().signal };
      const { workspace, settings } = await services.app.info({}, context);
      if (workspace === null)
        await services.app.startDemo({ language: language ?? settings.language }, context);
    },
    close: async () => {
      for (const link of [sessions, indexer, reports]) link.close();
      await holder.close();
      await trust.close();
    },
  };
}

/** What opens the file with the unsent work of a workspace that was wiped here. */
async function openQuarantine(dir: DataDir, secrets: SecretStore): Promise<string | undefined> {
  const sealed = await readQuarantine(dir);
  if (sealed === undefined || (await secrets.state()).kind !== 'os') return undefined;
  return (await secrets.open(Buffer.from(sealed, 'base64'))).secret;
}
