import type { Session, WebContents } from 'electron';
import { isAppUrl } from './addresses.ts';

export type Permission = Parameters<NonNullable<Parameters<Session['setPermissionCheckHandler']>[0]>>[1];

interface Rule {
  readonly allowed: boolean;
  readonly reason: string;
}

const allow = (reason: string): Rule => ({ allowed: true, reason });
const deny = (reason: string): Rule => ({ allowed: false, reason });

/**
 * What the page may ask of the operating system. Without handlers Electron
 * grants everything; here a permission that has no line is denied, and a new
 * one in Electron's typings fails the type check until it gets its line.
 */
export const PERMISSIONS = {
  'clipboard-read': allow('pasting into the terminal'),
  'clipboard-sanitized-write': allow('copying ticket numbers, serials and terminal text'),
  fullscreen: allow('a terminal or a signature over the whole screen'),
  notifications: allow('a promise that is about to be broken'),
  'persistent-storage': allow('IndexedDB must not be evicted when the disk is nearly full'),

  ar: deny('no feature uses it'),
  'automatic-fullscreen': deny('full screen follows a click'),
  'background-fetch': deny('the host does the network'),
  'background-sync': deny('the host syncs'),
  'captured-surface-control': deny('nothing is captured'),
  'deprecated-sync-clipboard-read': deny('the asynchronous form is enough'),
  'display-capture': deny('a customer network may be on the screen'),
  fileSystem: deny('files are opened by the host'),
  geolocation: deny('nobody follows where an engineer is'),
  'geolocation-approximate': deny('nobody follows where an engineer is'),
  'hand-tracking': deny('no feature uses it'),
  hid: deny('no feature uses it'),
  'idle-detection': deny('nobody watches whether a person is at the desk'),
  keyboardLock: deny('a person must always get out by Escape'),
  'local-fonts': deny('the fonts are ours'),
  'local-network': deny('the host does the network'),
  'local-network-access': deny('the host does the network'),
  'loopback-network': deny('the host does the network'),
  media: deny('no feature uses camera or microphone'),
  mediaKeySystem: deny('no protected media'),
  midi: deny('no feature uses it'),
  midiSysex: deny('no feature uses it'),
  nfc: deny('no feature uses it'),
  openExternal: deny('links leave through the table in external-links.ts only'),
  'payment-handler': deny('no feature uses it'),
  'periodic-background-sync': deny('the host syncs'),
  pointerLock: deny('no feature uses it'),
  'screen-wake-lock': deny('no feature uses it'),
  sensors: deny('no feature uses it'),
  serial: deny('serial consoles are the host’s work'),
  'smart-card': deny('no feature uses it'),
  'speaker-selection': deny('no feature uses it'),
  'storage-access': deny('there are no foreign frames'),
  'system-wake-lock': deny('no feature uses it'),
  'top-level-storage-access': deny('there are no foreign frames'),
  usb: deny('no feature uses it'),
  vr: deny('no feature uses it'),
  'web-app-installation': deny('it is installed already'),
  'web-printing': deny('documents are printed from the PDF'),
  'window-management': deny('the shell places the window'),
  unknown: deny('unknown to Electron, so unknown to us'),
} as const satisfies Record<Permission, Rule>;

/**
 * Says whether a permission is granted.
 * @param permission as Electron names it; a name without a line is denied.
 * @param requestingUrl address or origin of the asking frame.
 * @param isMainFrame only the window's own page may have anything.
 */
export function isPermitted(permission: string, requestingUrl: string, isMainFrame: boolean): boolean {
  const rule: Rule | undefined = Object.hasOwn(PERMISSIONS, permission)
    ? PERMISSIONS[permission as keyof typeof PERMISSIONS]
    : undefined;
  return rule?.allowed === true && isMainFrame && isAppUrl(requestingUrl);
}

/** Puts the table in force. A request and a check are two roads to the same right, so both are closed. */
export function guardPermissions(
  session: Pick<
    Session,
    'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
  >,
): void {
  session.setPermissionRequestHandler((_contents: WebContents, permission, grant, details) => {
    grant(isPermitted(permission, details.requestingUrl, details.isMainFrame));
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, details) =>
    isPermitted(permission, details.requestingUrl ?? requestingOrigin, details.isMainFrame),
  );
  session.setDevicePermissionHandler(() => false);
}
