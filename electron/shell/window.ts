import type { App, BrowserWindow, BrowserWindowConstructorOptions } from 'electron';
import { APP_ORIGIN } from '#shared/host/origin.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { PageMessages } from './page-messages.ts';
import { recoveryAddress, type RecoveryReason } from './recovery-page.ts';

export interface MainWindow {
  readonly window: BrowserWindow;
  /** Resolves when the first frame is painted and the window shows. */
  readonly shown: Promise<void>;
  /** To the front, as a second start or a clicked notification wants it. */
  bringUp(): void;
  /** Replaces the page by the recovery page. */
  recover(reason: RecoveryReason): void;
}

/** Opens the window and loads the page. The window shows itself when the page has painted. */
export function openWindow(
  Window: new (options: BrowserWindowConstructorOptions) => BrowserWindow,
  options: BrowserWindowConstructorOptions,
): MainWindow {
  const window = new Window(options);
  const { promise: shown, resolve } = Promise.withResolvers<void>();
  window.once('ready-to-show', () => {
    window.show();
    resolve();
  });
  // A load that a reload overtakes rejects; what is really lost shows as render-process-gone or did-fail-load.
  const load = (address: string): void => void window.loadURL(address).catch(() => undefined);
  load(`${APP_ORIGIN}/index.html`);
  return {
    window,
    shown,
    bringUp: () => {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    },
    recover: (reason) => load(recoveryAddress(reason)),
  };
}

/** More deaths than this within a minute are a loop; then the recovery page is not tried again. */
const DEATHS_A_MINUTE = 3;

/**
 * Puts the recovery page in place of a page whose process died, and writes
 * every death of a process into the diagnostics.
 * @param now a clock in milliseconds that does not jump.
 */
export function watchDeaths(
  app: Pick<App, 'on'>,
  given: {
    readonly main: () => MainWindow | undefined;
    readonly messages: PageMessages;
    readonly diagnostics: Diagnostics;
    readonly now: () => number;
  },
): void {
  let deaths: number[] = [];
  app.on('render-process-gone', (_event, contents, { reason, exitCode }) => {
    given.diagnostics.note(`window process gone: ${reason}, exit code ${exitCode}`);
    const main = given.main();
    if (reason === 'clean-exit' || main === undefined || main.window.webContents.id !== contents.id) return;
    given.messages.pause();
    deaths = [...deaths.filter((at) => given.now() - at < 60_000), given.now()];
    if (deaths.length <= DEATHS_A_MINUTE) main.recover('rendererGone');
  });
  app.on('child-process-gone', (_event, { type, reason, exitCode, serviceName }) => {
    given.diagnostics.note(`process gone: ${serviceName ?? type}, ${reason}, exit code ${exitCode}`);
  });
}
