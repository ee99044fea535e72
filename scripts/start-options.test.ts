import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseHost } from './choose-host.ts';
import { electronDownloadBase, findElectron } from './electron-runtime.ts';
import { defaultDataFolder, readStartOptions } from './start-options.ts';

describe('readStartOptions', () => {
  it('leaves the choice open without arguments', () => {
    expect(readStartOptions([])).toEqual({
      open: true,
      data: join(defaultDataFolder(), 'data'),
      demo: false,
    });
  });

  it('reads every argument', () => {
    expect(
      readStartOptions(['--host', 'browser', '--port=0', '--no-open', '--data', 'here', '--demo']),
    ).toEqual({
      host: 'browser',
      port: 0,
      open: false,
      data: resolve('here'),
      demo: true,
    });
  });

  it("keeps the demo away from a person's own data", () => {
    expect(readStartOptions(['--demo']).data).not.toBe(readStartOptions([]).data);
  });

  it.each([[['--host', 'phone']], [['--port', 'many']], [['--port', '70000']], [['--colour']]])(
    'refuses %j with a sentence',
    (args) => {
      expect(() => readStartOptions(args)).toThrow(/--(host|port|colour)/);
    },
  );

  it('keeps data where each system keeps it', () => {
    expect(defaultDataFolder('linux', {}, '/home/li')).toBe('/home/li/.local/share/faultline');
    expect(defaultDataFolder('linux', { XDG_DATA_HOME: '/data' }, '/home/li')).toBe('/data/faultline');
    expect(defaultDataFolder('darwin', {}, '/Users/li')).toBe(
      '/Users/li/Library/Application Support/Faultline',
    );
  });
});

describe('chooseHost', () => {
  const laptop = { hasRuntime: true, platform: 'linux', hasScreen: true, isRoot: false } as const;

  it('takes the desktop where it can run', () => {
    expect(chooseHost(laptop)).toEqual({ host: 'desktop' });
    expect(chooseHost({ ...laptop, platform: 'darwin', hasScreen: false })).toEqual({ host: 'desktop' });
  });

  it.each([
    [{ ...laptop, hasRuntime: false }, 'cannot be fetched'],
    [{ ...laptop, hasScreen: false }, 'no screen'],
    [{ ...laptop, isRoot: true }, 'root'],
  ])('takes the browser otherwise and says why in one line: %j', (choice, reason) => {
    const chosen = chooseHost(choice);
    expect(chosen.host).toBe('browser');
    expect(chosen.reason).toContain(reason);
    expect(chosen.reason).not.toContain('\n');
  });

  it('does as it is told', () => {
    expect(chooseHost({ ...laptop, wanted: 'browser' })).toEqual({ host: 'browser' });
    expect(chooseHost({ ...laptop, hasRuntime: false, wanted: 'desktop' })).toEqual({ host: 'desktop' });
  });
});

describe('findElectron', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'faultline-electron-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (path: string): string => {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '');
    chmodSync(file, 0o755);
    return file;
  };

  it('finds nothing in a package without its download', () => {
    expect(findElectron(folder, {})).toBeUndefined();
  });

  it('finds what path.txt names, and only when it is there', () => {
    writeFileSync(join(folder, 'path.txt'), 'electron');
    expect(findElectron(folder, {})).toBeUndefined();
    const executable = put('dist/electron');
    expect(findElectron(folder, {})).toBe(executable);
  });

  it('honours ELECTRON_OVERRIDE_DIST_PATH', () => {
    const executable = put('elsewhere/electron');
    expect(findElectron(folder, { ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'elsewhere') })).toBe(executable);
    expect(findElectron(folder, { ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'nowhere') })).toBeUndefined();
  });

  it('fetches from the mirror that is set', () => {
    expect(electronDownloadBase({ ELECTRON_MIRROR: 'https://mirror.example/electron' })).toBe(
      'https://mirror.example/electron/',
    );
    expect(electronDownloadBase({})).toMatch(/^https:\/\/github\.com\/.*\/$/);
  });
});
