import { describe, expect, it } from 'vitest';
import { APP_ORIGIN } from '#shared/host/origin.ts';
import { isAppUrl } from './addresses.ts';

describe('the origin of the page', () => {
  it('is app://faultline, for ever: laptops keep their data under it', () => {
    expect(APP_ORIGIN).toBe('app://faultline');
  });

  it.each(['app://faultline/', 'app://faultline/index.html?x#y', 'app://faultline'])(
    'knows %s as ours',
    (address) => {
      expect(isAppUrl(address)).toBe(true);
    },
  );

  it.each([
    'app://faultline.evil/',
    'app://faultline@evil/',
    'app://user@faultline/',
    'app://faultline:81/',
    'app://FAULTLINE/',
    'app:faultline',
    'https://faultline/',
    'file:///faultline/index.html',
    'about:blank',
    'javascript:alert(1)',
    'blob:app://faultline/0',
    '',
  ])('does not take %s for ours', (address) => {
    expect(isAppUrl(address)).toBe(false);
  });
});
