import type { App, WebContents } from 'electron';
import { isAppUrl } from './addresses.ts';

/** Every way a page may try to get somewhere, and what becomes of it. */
export const NAVIGATION = [
  {
    event: 'will-navigate',
    rule: 'ownOrigin',
    reason: 'a reload is ours; everything else would put a stranger next to the host',
  },
  { event: 'will-frame-navigate', rule: 'ownOrigin', reason: 'a frame is a page too' },
  { event: 'will-redirect', rule: 'ownOrigin', reason: 'an allowed address may answer with another' },
  { event: 'will-attach-webview', rule: 'never', reason: 'a webview brings its own web preferences' },
] as const;

/** Says whether the window may go to an address: only to our own page. */
export function mayNavigate(address: string): boolean {
  return isAppUrl(address);
}

/**
 * Guards all web contents there will ever be.
 * @param onOutsideLink told of an address a click wanted to open in a new window; there are no new windows.
 * @param onDenied told of what was refused, for the diagnostics.
 */
export function guardNavigation(
  app: Pick<App, 'on'>,
  { onOutsideLink, onDenied }: { onOutsideLink(address: string): void; onDenied(address: string): void },
): void {
  app.on('web-contents-created', (_event, contents: WebContents) => {
    const stayAtHome = (event: { readonly url: string; preventDefault(): void }): void => {
      if (mayNavigate(event.url)) return;
      event.preventDefault();
      onDenied(event.url);
    };
    contents.on('will-navigate', stayAtHome);
    contents.on('will-frame-navigate', stayAtHome);
    contents.on('will-redirect', stayAtHome);
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      onOutsideLink(url);
      return { action: 'deny' };
    });
  });
}
