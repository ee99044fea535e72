import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type * as Electron from 'electron';
import { openOutside } from './external-links.ts';
import type { MainWindow } from './window.ts';
import { parseDeepLink, type DeepLink } from '#shared/domain/deep-link.ts';
import type { ShellPorts, WorkerName } from './ports.ts';
import { createSecretStore } from './secret-store.ts';
import { checkForUpdate } from './updates.ts';
import { spawnWorkerProcess, workerEnvironment } from './worker-process.ts';

type Api = Pick<
  typeof Electron,
  'app' | 'dialog' | 'shell' | 'safeStorage' | 'utilityProcess' | 'MessageChannelMain' | 'Notification'
>;

export interface NativePortsOptions {
  readonly electron: Api;
  /** The folder `dist`, or its place inside the package. */
  readonly dist: string;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly main: () => MainWindow | undefined;
  readonly onLink: (link: DeepLink) => void;
  readonly onFault: (where: string, thrown: unknown) => void;
}

/** Electron's side of every port the host asks for. */
export function nativePorts(options: NativePortsOptions): ShellPorts {
  const { app, dialog, shell, safeStorage, utilityProcess, MessageChannelMain, Notification } =
    options.electron;
  const data = app.getPath('userData');
  const ask = async (address: string): Promise<boolean> => {
    const { response } = await askInWindow(options, {
      message: address,
      buttons: openButtons(app.getLocale()),
    });
    return response === 0;
  };
  return {
    paths: {
      data,
      resources: path.join(options.dist, 'resources'),
      downloads: app.getPath('downloads'),
    },
    version: app.getVersion(),
    hostKind: 'desktop',
    onFault: options.onFault,
    capabilities: {
      nativeMenu: true,
      nativeDialogs: true,
      safeStorage: true,
      openExternal: true,
      notifications: true,
      autoUpdate: app.isPackaged,
    },
    secrets: createSecretStore({
      safeStorage,
      platform: options.platform,
      remembered: smallFile(path.join(data, 'key-store-backend')),
    }),
    spawnWorker: (name: WorkerName, settings = {}) =>
      spawnWorkerProcess(name, {
        fork: (...given) => utilityProcess.fork(...given),
        newChannel: () => new MessageChannelMain(),
        entry: path.join(options.dist, 'workers', `${name}.mjs`),
        environment: workerEnvironment(options.environment, {}),
        settings,
      }),
    openExternal: (address) => openOutside(address, { open: (url) => shell.openExternal(url), ask }),
    choosePath: async ({ kind, title, defaultPath }) => {
      const place = { title, ...(defaultPath !== undefined && { defaultPath }) };
      if (kind === 'saveFile') return (await dialog.showSaveDialog(place)).filePath || undefined;
      const { filePaths } = await dialog.showOpenDialog({
        ...place,
        properties: [kind === 'openFolder' ? 'openDirectory' : 'openFile'],
      });
      return filePaths[0];
    },
    notify: ({ title, body, link }) => {
      const notice = new Notification({ title, body });
      const target = link === undefined ? undefined : parseDeepLink(link);
      notice.on('click', () => {
        options.main()?.bringUp();
        if (target !== undefined) options.onLink(target);
      });
      notice.show();
    },
    checkForUpdate: () =>
      checkForUpdate(async () => (await import('electron-updater')).autoUpdater, app.getVersion()),
  };
}

/** Asks whether to wait for a page that does not answer, and reloads it when the person has had enough. */
export function watchUnresponsive(options: NativePortsOptions): void {
  options.main()?.window.on('unresponsive', () => {
    const chinese = isChinese(options.electron.app.getLocale());
    const question = {
      message: chinese ? '界面没有响应。' : 'The window does not respond.',
      buttons: chinese ? ['继续等待', '重新打开'] : ['Keep waiting', 'Open again'],
    };
    const ask = async (): Promise<void> => {
      const { response } = await askInWindow(options, question);
      if (response === 1) options.main()?.window.webContents.reload();
    };
    void ask();
  });
}

function askInWindow(
  { electron, main }: NativePortsOptions,
  { message, buttons }: { message: string; buttons: string[] },
): Promise<Electron.MessageBoxReturnValue> {
  const question = { type: 'question' as const, message, buttons, defaultId: 0, cancelId: 1, noLink: true };
  const window = main()?.window;
  return window === undefined
    ? electron.dialog.showMessageBox(question)
    : electron.dialog.showMessageBox(window, question);
}

/** Whether the operating system speaks Chinese; the page has its own setting, this is for what comes before it. */
export function isChinese(locale: string): boolean {
  return locale.toLowerCase().startsWith('zh');
}

const openButtons = (locale: string): string[] =>
  isChinese(locale) ? ['在浏览器中打开', '取消'] : ['Open outside', 'Cancel'];

function smallFile(file: string): {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
} {
  return {
    read: async () => {
      try {
        return (await readFile(file, 'utf8')).trim();
      } catch (thrown) {
        if ((thrown as { code?: unknown }).code === 'ENOENT') return undefined;
        throw thrown;
      }
    },
    write: async (text) => {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    },
  };
}
