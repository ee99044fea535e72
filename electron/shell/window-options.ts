import type { BrowserWindowConstructorOptions } from 'electron';

/** The colours of renderer/index.html: a window must not flash white before the dark page paints. */
export const BACKGROUND = { light: '#f6f6f4', dark: '#161717' } as const;

/**
 * Options of the one window. Web preferences name every wall, also those that
 * are Electron's default, so that none falls by a changed default.
 * `webSecurity`, `experimentalFeatures`, `enableBlinkFeatures` and
 * `allowRunningInsecureContent` are never mentioned anywhere.
 */
export function windowOptions(given: {
  readonly preload: string;
  readonly dark: boolean;
  readonly icon: string;
}): BrowserWindowConstructorOptions {
  return {
    name: 'main',
    title: 'Faultline',
    icon: given.icon,
    width: 1440,
    height: 900,
    // A 1366 x 768 laptop with its task bar still shows queue, ticket and dock.
    minWidth: 960,
    minHeight: 600,
    // Shown at ready-to-show, when the first frame is painted.
    show: false,
    backgroundColor: given.dark ? BACKGROUND.dark : BACKGROUND.light,
    autoHideMenuBar: true,
    windowStatePersistence: true,
    webPreferences: {
      preload: given.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      plugins: false,
      // Electron would fetch dictionaries from a server of Google's.
      spellcheck: false,
      // Promise clocks and recordings go on while the window is covered.
      backgroundThrottling: false,
      autoplayPolicy: 'document-user-activation-required',
    },
  };
}
