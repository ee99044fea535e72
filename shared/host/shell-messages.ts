import type { DeepLink } from '../domain/deep-link.ts';

export { APP_ORIGIN } from './origin.ts';

/**
 * How preload and page speak. The page gets messages on its own window, sent
 * with our exact origin; it can call nothing.
 *
 * - `PORT_MESSAGE` (a bare string) carries the one port to the host in `event.ports[0]`,
 *   anew after each load of the page.
 * - `{ type: SHELL_MESSAGE, message: ShellMessage }` is something the operating
 *   system's side of the window wants of the page.
 * - `LISTENING_MESSAGE` (a bare string) is what the page posts to its own window
 *   when it listens for `SHELL_MESSAGE`; what came before is kept until then.
 */
export const PORT_MESSAGE = 'faultline:port';
export const SHELL_MESSAGE = 'faultline:shell';
export const LISTENING_MESSAGE = 'faultline:listening';

/**
 * The one channel from preload to the main process. It carries `port` when the
 * page's scripts have run, and `listening` when the page has said so.
 */
export const PAGE_CHANNEL = 'faultline:page';

/** A menu entry names a command of the renderer's registry, a link the place to open. */
export type ShellMessage =
  | { readonly t: 'command'; readonly id: string }
  | { readonly t: 'open'; readonly link: DeepLink };
