import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Language } from '#shared/host/app.ts';
import { DEFAULT_BROWSER_PORT, TOKEN_FRAGMENT } from '#shared/host/browser-host.ts';
import { HostError } from '#shared/host/errors.ts';
import { seedDemo } from '../resources/demo/seed-demo.ts';
import { openFaultLog } from './services/browser-host/fault-log.ts';
import { type Listening, listen } from './services/browser-host/listen.ts';
import { createHost, type Host } from './services/host/create-host.ts';
import type { HostPorts } from './services/host/ports.ts';
import { spawnWorkerThread } from './services/host/spawn-worker-thread.ts';
import { noSecretStore } from './services/vault/secret-store.ts';

export interface BrowserHostOptions {
  /** {@link DEFAULT_BROWSER_PORT} if not given; 0 takes a free one, for tests. */
  readonly port?: number;
  readonly dataDir: string;
  /** The built page: index.html and what it names; `dist/renderer` if not given. */
  readonly rendererDir?: string;
  readonly resourcesDir?: string;
  readonly version?: string;
  /** Starts the demo workspace (in this language, or that of the system) if the folder has none yet. */
  readonly demo?: boolean | Language;
  /** Where the demo's power system answers, when one is running. */
  readonly demoDevice?: { host: string; port: number; username: string };
  readonly onFault?: HostPorts['onFault'];
  readonly syncTiming?: HostPorts['syncTiming'];
}

export interface BrowserHost {
  /** With the token in the fragment: whoever has this address has the shells. */
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** From the sources beside `dist`, or from inside it. */
const BUILT_PAGE = import.meta.url.endsWith('.ts')
  ? join(import.meta.dirname, '..', 'dist', 'renderer')
  : join(import.meta.dirname, '..', 'renderer');

/**
 * Serves the page and the host contract to a browser on this computer. It can
 * open shells, so it is guarded like a privileged server: see docs/spec/host.md.
 * @throws HostError `host.insideElectron`, `host.portInUse`; JournalError `journal.locked`.
 */
export async function startBrowserHost(options: BrowserHostOptions): Promise<BrowserHost> {
  if (process.versions['electron'] !== undefined) {
    throw new HostError(
      'host.insideElectron',
      'The browser host does not run inside the desktop application.',
    );
  }
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const faults = openFaultLog(join(options.dataDir, 'faults.ndjson'));
  const onFault = options.onFault ?? faults.write;
  const host = await createHost(browserPorts({ ...options, onFault }));
  try {
    if (options.demo !== undefined && options.demo !== false)
      await host.ensureDemo(options.demo === true ? undefined : options.demo);
    const token = randomBytes(32).toString('hex');
    const door = await openDoor(host, token, options);
    return {
      url: `http://127.0.0.1:${door.port}/#${TOKEN_FRAGMENT}=${token}`,
      token,
      close: async () => {
        await door.close();
        await host.close();
        faults.close();
      },
    };
  } catch (thrown) {
    await host.close();
    faults.close();
    throw thrown;
  }
}

async function openDoor(host: Host, token: string, options: BrowserHostOptions): Promise<Listening> {
  const port = options.port ?? DEFAULT_BROWSER_PORT;
  try {
    return await listen({
      port,
      token,
      rendererDir: options.rendererDir ?? BUILT_PAGE,
      serve: (transport, admit) => host.attach(transport, { admit }),
    });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown;
    throw new HostError(
      'host.portInUse',
      `Port ${port} is in use. If that is Faultline, use it or close it; else start with --port.`,
      { port },
    );
  }
}

function browserPorts(options: BrowserHostOptions): HostPorts {
  return {
    paths: {
      data: options.dataDir,
      resources: options.resourcesDir ?? join(import.meta.dirname, '..', 'resources'),
      downloads: join(options.dataDir, 'exports'),
    },
    version: options.version ?? '0.0.0',
    hostKind: 'browser',
    capabilities: {
      nativeMenu: false,
      nativeDialogs: false,
      safeStorage: false,
      openExternal: false,
      notifications: false,
      autoUpdate: false,
    },
    secrets: noSecretStore,
    spawnWorker: spawnWorkerThread,
    openExternal: async () => 'refused',
    choosePath: async () => undefined,
    seedDemo: (journal, about) =>
      seedDemo(journal, {
        ...about,
        nowMs: Date.now(),
        ...(options.demoDevice && { device: options.demoDevice }),
      }),
    onFault: options.onFault,
    syncTiming: options.syncTiming,
  };
}
