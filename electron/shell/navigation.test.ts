import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { guardNavigation, NAVIGATION } from './navigation.ts';

function guarded() {
  const app = new EventEmitter();
  const outside: string[] = [];
  const denied: string[] = [];
  let openWindow: ((details: { url: string }) => { action: string }) | undefined;
  const contents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: typeof openWindow) => {
      openWindow = handler;
    },
  });
  guardNavigation(app as never, {
    onOutsideLink: (url) => outside.push(url),
    onDenied: (url) => denied.push(url),
  });
  app.emit('web-contents-created', {}, contents);
  const goes = (event: string, url: string): boolean => {
    let prevented = false;
    contents.emit(event, { url, preventDefault: () => (prevented = true) });
    return !prevented;
  };
  return { goes, outside, denied, contents, open: (url: string) => openWindow?.({ url }) };
}

describe('navigation', () => {
  const events = NAVIGATION.filter((line) => line.rule === 'ownOrigin').map((line) => line.event);
  const spoofs = [
    'https://faultline/',
    'app://faultline.evil/',
    'app://faultline@evil/',
    'file:///etc/passwd',
    'data:text/html,x',
  ];

  it.each(events.flatMap((event) => spoofs.map((url) => [event, url] as const)))(
    '%s refuses %s',
    (event, url) => {
      const { goes, denied } = guarded();
      expect(goes(event, url)).toBe(false);
      expect(denied).toEqual([url]);
    },
  );

  it.each(events)('%s lets the page reload', (event) => {
    expect(guarded().goes(event, 'app://faultline/index.html')).toBe(true);
  });

  it('never attaches a webview, not even of ours', () => {
    expect(guarded().goes('will-attach-webview', 'app://faultline/')).toBe(false);
  });

  it('opens no second window, and hands the address to the table of outside links', () => {
    const { open, outside } = guarded();
    expect(open('https://vendor.example/manual')).toEqual({ action: 'deny' });
    expect(outside).toEqual(['https://vendor.example/manual']);
  });

  it('listens to each line of its table', () => {
    const { contents } = guarded();
    for (const { event } of NAVIGATION) expect(contents.listenerCount(event)).toBe(1);
  });
});
