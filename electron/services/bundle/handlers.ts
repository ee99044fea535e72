import { isAbsolute, join } from 'node:path';
import { BUNDLE_EXTENSION } from '#shared/bundle/format.ts';
import type { ServiceHandlers } from '#shared/host/define.ts';
import type { syncService } from '#shared/host/sync.ts';
import { bundleFailed } from './bundle-error.ts';
import { sealWithPassphrase } from './bundle-key.ts';
import { takeInBundle } from './take-in.ts';
import { bundleUnsent, type UnsentWork } from './unsent-work.ts';

export interface BundleHandlersOptions {
  /** Nothing is wiped while the work is under way. @throws HostError `app.noWorkspace`, `sync.demo`. */
  readonly withUnsent: <T>(work: (unsent: UnsentWork) => Promise<T>) => Promise<T>;
  /** What opens the file that was made when a workspace was wiped here; asked for when no passphrase is given. */
  readonly quarantinePassphrase: () => Promise<string | undefined>;
  readonly exportDir: string;
  readonly nowMs: () => number;
  /** There is something new to send. */
  readonly onTakenIn: () => void;
}

/** Bundles as screens see them. */
export function createBundleHandlers(
  options: BundleHandlersOptions,
): Pick<ServiceHandlers<typeof syncService>, 'exportBundle' | 'importBundle'> {
  const { withUnsent, exportDir, nowMs } = options;
  return {
    exportBundle: ({ passphrase, path }) =>
      withUnsent(async (work) => {
        if (path !== undefined && !isAbsolute(path)) throw bundleFailed('a path from the root is needed');
        const file = path ?? join(exportDir, nameOf('unsent', nowMs()));
        const seal = await sealWithPassphrase(passphrase);
        return { path: file, ...(await bundleUnsent(file, seal, work, nowMs())) };
      }),
    importBundle: ({ path, passphrase }) =>
      withUnsent(async ({ tenant, journal, carried, blobs }) => {
        const known = passphrase === '' ? await options.quarantinePassphrase() : undefined;
        const taken = await takeInBundle({
          path,
          passphrase: known ?? passphrase,
          tenant,
          blobs,
          carried,
          knows: (id) => journal.knows(id),
        });
        options.onTakenIn();
        return taken;
      }),
  };
}

/** `faultline-<what>-<moment>.faultline`, a name that every file system takes. */
export function nameOf(what: 'unsent' | 'quarantine', nowMs: number): string {
  return `faultline-${what}-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}${BUNDLE_EXTENSION}`;
}
