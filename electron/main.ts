import path from 'node:path';
import * as electron from 'electron';
import { deepLinkIn, DEEP_LINK_SCHEME, parseDeepLink, type DeepLink } from '#shared/domain/deep-link.ts';
import { APP_SCHEME } from '#shared/host/origin.ts';
import { APP_SCHEME_PRIVILEGES, createAppProtocol } from './shell/app-protocol.ts';
import { createDiagnostics } from './shell/diagnostics.ts';
import { launchOptions } from './shell/launch-options.ts';
import { menuTemplate } from './shell/menu-template.ts';
import { isChinese, nativePorts, watchUnresponsive } from './shell/native-ports.ts';
import { guardNavigation } from './shell/navigation.ts';
import { openHost } from './shell/open-host.ts';
import { createPageMessages } from './shell/page-messages.ts';
import { handOverPorts } from './shell/page-port.ts';
import { guardPermissions } from './shell/permissions.ts';
import type { ShellHost } from './shell/ports.ts';
import { waitBeforeQuit } from './shell/quit.ts';
import { printMarks } from './shell/marks.ts';
import { recoveryPages } from './shell/recovery-page.ts';
import { openWindow, watchDeaths, type MainWindow } from './shell/window.ts';
import { windowOptions } from './shell/window-options.ts';

/** The order of the start, and nothing else: what each step does stands in shell/. */
const {
  app,
  BrowserWindow,
  crashReporter,
  ipcMain,
  Menu,
  MessageChannelMain,
  nativeTheme,
  protocol,
  session,
} = electron;
const APP_ID = 'example.faultline.app';
const dist = path.join(__dirname, '..');
const options = launchOptions(process.argv, process.cwd());
const diagnostics = createDiagnostics(
  {
    version: app.getVersion(),
    electron: process.versions['electron'] ?? '',
    platform: `${process.platform} ${process.arch}`,
  },
  () => new Date().toISOString(),
);
let main: MainWindow | undefined;
let host: Promise<ShellHost> | undefined;
const messages = createPageMessages((channel, message) => main?.window.webContents.send(channel, message));
const openLink = (link: DeepLink | undefined): void => {
  if (link !== undefined) messages.send({ t: 'open', link });
};
const native = {
  electron,
  dist,
  platform: process.platform,
  environment: process.env,
  main: () => main,
  onLink: openLink,
  onFault: (where: string, thrown: unknown) => diagnostics.note(`${where}: ${String(thrown)}`),
};
const ports = nativePorts(native);

if (app.requestSingleInstanceLock()) start();
else app.quit();

function start(): void {
  // What cannot be changed after ready.
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged([APP_SCHEME_PRIVILEGES]);
  Menu.setApplicationMenu(null);
  crashReporter.start({ uploadToServer: false });
  app.setAppUserModelId(APP_ID);
  if (app.isPackaged) app.setAsDefaultProtocolClient(DEEP_LINK_SCHEME);

  // Links: from the command line, from a second start, from macOS.
  openLink(options.link);
  app.on('second-instance', (_event, argv) => {
    main?.bringUp();
    openLink(deepLinkIn(argv));
  });
  app.on('open-url', (event, address) => {
    event.preventDefault();
    openLink(parseDeepLink(address));
  });

  // Guards, in force before there is a page.
  guardNavigation(app, {
    onOutsideLink: (address) => void ports.openExternal(address),
    onDenied: (address) => diagnostics.note(`navigation denied: ${address}`),
  });
  watchDeaths(app, { main: () => main, messages, diagnostics, now: () => performance.now() });

  // The end: the host may finish, but not for ever.
  app.on('window-all-closed', () => app.quit());
  waitBeforeQuit(app, {
    close: async () => (await host)?.close(),
    onUnfinished: (reason) => diagnostics.note(`quit without waiting: ${reason}`),
  });

  void app.whenReady().then(run);
}

async function run(): Promise<void> {
  const language = isChinese(app.getLocale()) ? 'zh' : 'en';
  protocol.handle(
    APP_SCHEME,
    createAppProtocol({
      root: path.join(dist, 'renderer'),
      made: recoveryPages(diagnostics, language),
    }),
  );
  guardPermissions(session.defaultSession);

  // The host opens its journal while the window loads the page.
  host = openHost(ports, options.demo ? (language === 'zh' ? 'zh-CN' : 'en') : undefined);
  handOverPorts({
    ipcMain,
    newChannel: () => new MessageChannelMain(),
    isKnown: (id) => id === main?.window.webContents.id,
    onConnected: (transport) => {
      messages.pause();
      host?.then((ready) => ready.attach(transport)).catch(() => transport.close());
    },
    onListening: () => messages.ready(),
    onRefused: (reason) => diagnostics.note(`port refused: ${reason}`),
  });
  main = openWindow(
    BrowserWindow,
    windowOptions({
      preload: path.join(dist, 'preload', 'preload.cjs'),
      dark: nativeTheme.shouldUseDarkColors,
      icon: path.join(dist, 'resources', 'icon.png'),
    }),
  );
  performance.mark('app/didCreateWindow');
  watchUnresponsive(native);
  host.catch((thrown: unknown) => {
    diagnostics.note(`the host did not start: ${String(thrown)}`);
    main?.recover('hostFailed');
  });

  await main.shown;
  performance.mark('app/didPaintShell');
  const template = menuTemplate(language, process.platform, (id) => messages.send({ t: 'command', id }));
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  if (options.perf) printMarks();
}
