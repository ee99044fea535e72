import {
  type AppInfo,
  type PerfMark,
  type Settings,
  SettingsSchema,
  type appService,
} from '#shared/host/app.ts';
import type { ServiceHandlers } from '#shared/host/define.ts';
import { HostError } from '#shared/host/errors.ts';
import type { Access } from '../access/access.ts';
import type { CacheKey } from '../access/cache-key.ts';
import type { Wiped } from '../access/wipe.ts';
import type { Changes } from '../host/changes.ts';
import type { HostPorts } from '../host/ports.ts';
import type { Vault } from '../vault/vault.ts';
import { InTurn } from './in-turn.ts';
import { JsonFile } from './json-file.ts';
import type { WorkspaceHolder } from './workspace-holder.ts';

export interface AppHandlersOptions {
  readonly ports: HostPorts;
  readonly holder: WorkspaceHolder;
  readonly vault: Vault;
  readonly access: Access;
  readonly cacheKey: CacheKey;
  readonly settingsFile: string;
  readonly changes: Changes;
}

const DEFAULTS: Settings = { language: 'en', theme: 'system', density: 'normal' };
/** Enough for every mark of a start; a page that marks in a loop must not fill the memory. */
const MAX_MARKS = 500;

/** The application as a whole, as screens see it. */
export async function createAppHandlers(
  options: AppHandlersOptions,
): Promise<ServiceHandlers<typeof appService>> {
  const { ports, holder, vault, access, cacheKey, changes } = options;
  const file = new JsonFile(options.settingsFile, SettingsSchema);
  const stored = await file.read();
  let settings = stored ?? { ...DEFAULTS, language: systemLanguage() };
  const marks: PerfMark[] = [];

  const info = async (): Promise<AppInfo> => ({
    version: ports.version,
    hostKind: ports.hostKind ?? 'desktop',
    capabilities: ports.capabilities,
    workspace: holder.current?.workspace ?? null,
    settings,
    vault: await vault.state(),
    access: access.state,
    wiped: shownWiped(holder.wiped),
  });
  const changed = (): Promise<AppInfo> => {
    changes.notify();
    return info();
  };
  const writing = new InTurn();
  const change = (part: Partial<Settings>): Promise<void> =>
    writing.take(async () => {
      const next = { ...settings, ...part };
      await file.write(next);
      settings = next;
    });
  const demandDialogs = (): void => {
    if (ports.capabilities.nativeDialogs) return;
    throw new HostError('host.unsupported', 'This host has no file dialogs. Enter the path instead.');
  };

  return {
    info,
    watch: (_, { signal }) => changes.watch(info, signal),
    startDemo: async ({ language }) => {
      await holder.startDemo(language);
      await change({ language });
      return changed();
    },
    connectServer: async (login) => {
      await holder.connectServer(login);
      return changed();
    },
    login: async ({ password }) => {
      await holder.login(password);
      return changed();
    },
    serverInfo: async ({ url }) => (await holder.door.hello(url)).login,
    beginBrowserLogin: async (to) => {
      const begun = await holder.beginBrowserLogin(to);
      // Where the host cannot open it, the page shows the address.
      if (ports.capabilities.openExternal) await ports.openExternal(begun.url);
      return begun;
    },
    completeBrowserLogin: async ({ code }) => {
      await holder.completeBrowserLogin(code);
      return changed();
    },
    lock: async () => {
      await access.lock();
      return changed();
    },
    unlock: async ({ passphrase }) => {
      await access.unlock(passphrase);
      await holder.useStoredToken();
      return changed();
    },
    cacheKey: () => cacheKey.get(),
    setSettings: async (part) => {
      await change(part);
      return changed();
    },
    mark: async (mark) => {
      if (marks.length < MAX_MARKS) marks.push(mark);
      return {};
    },
    marks: async () => ({ marks: [...hostMarks(), ...marks] }),
    openExternal: async ({ url }) => {
      if (!ports.capabilities.openExternal) {
        throw new HostError('host.unsupported', 'This host cannot open addresses. Open it in the browser.');
      }
      if ((await ports.openExternal(url)) === 'refused') {
        throw new HostError('app.badUrl', 'Only web and mail addresses are opened outside Faultline.');
      }
      return {};
    },
    pickFile: async ({ title }) => {
      demandDialogs();
      return { path: (await ports.choosePath({ kind: 'openFile', title })) ?? null };
    },
    pickSavePath: async ({ title, suggestedName }) => {
      demandDialogs();
      return {
        path: (await ports.choosePath({ kind: 'saveFile', title, defaultPath: suggestedName })) ?? null,
      };
    },
  };
}

/** The sealed passphrase is nobody's business on a screen. */
function shownWiped(wiped: Wiped | undefined): AppInfo['wiped'] {
  if (wiped === undefined) return null;
  const { at, handedOver, quarantined, quarantineFile } = wiped;
  return { at, handedOver, quarantined, quarantineFile };
}

function hostMarks(): PerfMark[] {
  return performance
    .getEntriesByType('mark')
    .map(({ name, startTime }) => ({ name: name.slice(0, 80), atMs: startTime }));
}

function systemLanguage(): Settings['language'] {
  return Intl.DateTimeFormat().resolvedOptions().locale.startsWith('zh') ? 'zh-CN' : 'en';
}
