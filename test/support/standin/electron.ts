import type * as Electron from 'electron';
import { EventEmitter } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { startChromium } from './devtools.ts';
import { fork, MessageChannelMain } from './ports.ts';
import { BrowserWindow, shared } from './windows.ts';

/** The part of Electron's API that the shell uses; README.md has what it proves and what it does not. */
const ready = Promise.withResolvers<void>();
const paths: Record<string, string> = {
  userData: path.join(tmpdir(), 'faultline-standin-data'),
  downloads: tmpdir(),
};
let handing: Promise<void> | undefined;
const nothing = (): void => undefined;

const app = Object.assign(shared.app, {
  isPackaged: false,
  setName: nothing,
  enableSandbox: nothing,
  setAppUserModelId: nothing,
  setPath: (name: string, folder: string) => void (paths[name] = folder),
  getPath: (name: string) => paths[name] ?? '',
  getVersion: () => '0.0.0-standin',
  getLocale: () => 'en-US',
  whenReady: () => ready.promise,
  quit: () => {
    let isHeld = false;
    app.emit('before-quit', { preventDefault: () => (isHeld = true) });
    if (!isHeld) void Promise.resolve(handing).then(() => process.exit(0));
  },
  requestSingleInstanceLock: () => {
    const socket = path.join(app.getPath('userData'), 'lock.socket');
    try {
      mkdirSync(app.getPath('userData'), { recursive: true });
      closeSync(openSync(`${socket}.owner`, 'wx'));
    } catch {
      // Somebody has the lock: hand our arguments over and be gone.
      handing = new Promise((resolve) => connect(socket).end(JSON.stringify(process.argv), resolve));
      return false;
    }
    const server = createServer(
      (other) => void text(other).then((argv) => app.emit('second-instance', {}, JSON.parse(argv))),
    );
    server.listen(socket);
    process.on('exit', () => rmSync(`${socket}.owner`, { force: true }));
    return true;
  },
});

interface Item {
  id?: string;
  label?: string;
  submenu?: Item[];
  click?: () => void;
}
const buildFromTemplate = (items: Item[]) => ({
  items,
  getMenuItemById: (id: string) =>
    items.flatMap((item) => [item, ...(item.submenu ?? [])]).find((item) => item.id === id),
});
let menu: unknown;

const known = {
  app,
  BrowserWindow,
  MessageChannelMain,
  ipcMain: shared.ipcMain,
  Menu: {
    buildFromTemplate,
    setApplicationMenu: (next: unknown) => void (menu = next),
    getApplicationMenu: () => menu,
  },
  protocol: {
    registerSchemesAsPrivileged: nothing,
    handle: (scheme: string, handler: (request: Request) => Promise<Response>) =>
      void shared.schemes.set(`${scheme}:`, handler),
  },
  net: {
    fetch: (url: string, init?: RequestInit) =>
      shared.schemes.get(new URL(url).protocol)?.(new Request(url, init)),
  },
  session: {
    defaultSession: {
      setPermissionRequestHandler: nothing,
      setDevicePermissionHandler: nothing,
      setPermissionCheckHandler: async (
        isPermitted: (_: null, name: string, origin: string, details: object) => boolean,
      ) => {
        const { send } = await shared.tools;
        for (const name of ['geolocation', 'notifications']) {
          const isGranted = isPermitted(null, name, 'app://faultline', { isMainFrame: true });
          await send('Browser.setPermission', {
            permission: { name },
            setting: isGranted ? 'granted' : 'denied',
          });
        }
      },
    },
  },
  safeStorage: {
    isAsyncEncryptionAvailable: async () => true,
    getSelectedStorageBackend: () => 'basic_text',
  },
  utilityProcess: { fork },
  crashReporter: { start: nothing },
  nativeTheme: { shouldUseDarkColors: false },
  shell: { openExternal: async () => undefined },
  dialog: { showMessageBox: async () => ({ response: 1 }) },
  Notification: class extends EventEmitter {},
  webContents: {
    fromDevToolsTargetId: (id: string) =>
      shared.windows.find(({ webContents }) => webContents.target === id)?.webContents,
  },
} satisfies Partial<Record<keyof typeof Electron, unknown>>;

/** Throws on what is not there, so that nobody takes a missing API for one that does nothing. */
function strict<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get: (from, key, receiver) => {
      if (typeof key === 'string' && !(key in from) && key !== 'then' && key !== 'toJSON') {
        throw new Error(`The stand-in for Electron has no ${name}.${key}.`);
      }
      return Reflect.get(from, key, receiver);
    },
  });
}

const isDriven = process.argv.includes('--remote-debugging-port=0');
// Playwright waits for Chromium before it lets the main script run.
if (isDriven) shared.tools = startChromium();
const startApp = (): void => {
  if (handing !== undefined) return;
  if (!isDriven) shared.tools = startChromium();
  void shared.tools.then(() => ready.resolve());
};

const parts = Object.entries(known).map(([name, part]) => [name, strict(name, part as object)]);
const electron = strict('electron', Object.fromEntries([...parts, ['startApp', startApp]]));
export { electron as 'module.exports' };
