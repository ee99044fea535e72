import { expect, it } from 'vitest';
import { hasScreen, redirectPage } from './open-in-browser.ts';

it('leads on to the address, whatever is in it', () => {
  expect(redirectPage('http://127.0.0.1:1/?a=1&b="<#t')).toContain(
    'url=http://127.0.0.1:1/?a=1&amp;b=&quot;&lt;#t"',
  );
});

it('knows whether there is a screen', () => {
  expect(hasScreen('linux', {})).toBe(false);
  expect(hasScreen('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
  expect(hasScreen('darwin', {})).toBe(true);
});
