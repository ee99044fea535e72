import { describe, expect, it } from 'vitest';
import { guardPermissions, isPermitted, PERMISSIONS } from './permissions.ts';

const PAGE = 'app://faultline/index.html';

describe('permissions', () => {
  it('grants these and no others', () => {
    const allowed = Object.entries(PERMISSIONS).filter(([, rule]) => rule.allowed);
    expect(allowed.map(([name]) => name)).toEqual([
      'clipboard-read',
      'clipboard-sanitized-write',
      'fullscreen',
      'notifications',
      'persistent-storage',
    ]);
  });

  it('has a reason in each line', () => {
    for (const rule of Object.values(PERMISSIONS)) expect(rule.reason).toMatch(/\S{2,} \S+/);
  });

  it.each(['geolocation', 'media', 'a-permission-of-tomorrow', 'toString', '__proto__'])(
    'denies %s',
    (name) => {
      expect(isPermitted(name, PAGE, true)).toBe(false);
    },
  );

  it('denies what is allowed to the page when a frame or another origin asks', () => {
    expect(isPermitted('notifications', PAGE, true)).toBe(true);
    expect(isPermitted('notifications', PAGE, false)).toBe(false);
    expect(isPermitted('notifications', 'https://evil.example/', true)).toBe(false);
  });

  it('answers requests, checks and devices alike', () => {
    const answers: boolean[] = [];
    guardPermissions({
      setPermissionRequestHandler: (handler) => {
        const details = { isMainFrame: true, requestingUrl: PAGE };
        handler!({} as never, 'geolocation', (granted) => answers.push(granted), details);
        handler!({} as never, 'fullscreen', (granted) => answers.push(granted), details);
      },
      setPermissionCheckHandler: (handler) => {
        answers.push(
          handler!(null, 'geolocation', 'app://faultline', {
            isMainFrame: true,
            requestingUrl: PAGE,
          } as never),
        );
        answers.push(handler!(null, 'fullscreen', 'app://faultline', { isMainFrame: true } as never));
      },
      setDevicePermissionHandler: (handler) => answers.push(handler!({} as never)),
    });
    expect(answers).toEqual([false, true, false, true, false]);
  });
});
