import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MIME_TYPES } from '#electron/services/pages/mime-types.ts';
import { DEEP_LINK_SCHEME } from '#shared/domain/deep-link.ts';
import { listBuilt, matchesFiles } from '../support/packaged-files.ts';

const root = path.resolve(import.meta.dirname, '../..');
const config = parse(readFileSync(path.join(root, 'electron-builder.yml'), 'utf8'));
const require = createRequire(import.meta.url);

/** What a build of everything leaves behind; used where there is none. */
const BUILT = [
  'main/main.cjs',
  'main/start.cjs',
  'main/chunks/launch-options-x.cjs',
  'preload/preload.cjs',
  'renderer/index.html',
  'renderer/assets/index-x.js',
  'workers/sessions.mjs',
  'workers/indexer.mjs',
  'workers/reports.mjs',
  'workers/log-tasks.mjs',
  'resources/icon.png',
  'resources/fonts/NotoSansSC_400Regular.ttf',
  'serve/serve.mjs',
  'server/server.mjs',
  'main/main.cjs.map',
  '.stamp-shell.json',
];

describe('electron-builder.yml', () => {
  let dist = path.join(root, 'dist');
  let made: string | undefined;
  beforeAll(() => {
    if (existsSync(path.join(dist, 'main/main.cjs')) && existsSync(path.join(dist, 'renderer/index.html')))
      return;
    made = mkdtempSync(path.join(tmpdir(), 'faultline-dist-'));
    dist = path.join(made, 'dist');
    for (const file of BUILT) {
      mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
      writeFileSync(path.join(dist, file), '');
    }
  });
  afterAll(() => {
    if (made !== undefined) rmSync(made, { recursive: true });
  });

  it('is valid by electron-builder’s own schema', () => {
    const schema = JSON.parse(readFileSync(require.resolve('app-builder-lib/scheme.json'), 'utf8'));
    const ajv = new Ajv({ strict: false, allErrors: true, allowUnionTypes: true, validateFormats: false });
    const validate = ajv.compile(schema);
    validate(config);
    expect(validate.errors).toBeNull();
    expect(validate({ ...config, asarUnpak: true })).toBe(false);
  });

  it('packs what the application loads', () => {
    const packed = listBuilt(dist).filter((file) => matchesFiles(config.files, `dist/${file}`));
    for (const needed of [
      'main/main.cjs',
      'main/start.cjs',
      'preload/preload.cjs',
      'renderer/index.html',
      'resources/icon.png',
    ]) {
      expect(packed).toContain(needed);
    }
    for (const folder of ['main/', 'preload/', 'renderer/', 'workers/', 'resources/fonts/']) {
      expect(packed.some((file) => file.startsWith(folder))).toBe(true);
    }
  });

  it('never packs the browser host, the server, modules, maps or stamps', () => {
    const all = [...listBuilt(dist), ...BUILT, 'main/node_modules/x/index.js'];
    const packed = all.filter((file) => matchesFiles(config.files, `dist/${file}`));
    expect(packed.filter((file) => /^(serve|server)\/|node_modules|\.map$|\.stamp/.test(file))).toEqual([]);
    for (const outside of [
      'electron/serve.ts',
      'scripts/start.ts',
      'node_modules/ws/index.js',
      'test/support/sshd.ts',
    ]) {
      expect(matchesFiles(config.files, outside)).toBe(false);
    }
  });

  it('packs the main script that package.json names, and no rebuild of natives', () => {
    const { main } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    expect(matchesFiles(config.files, main)).toBe(true);
    expect([config.npmRebuild, config.asar]).toEqual([false, true]);
  });

  it('makes every kind of package for both processors', () => {
    const targets = ['win', 'mac', 'linux'].flatMap((system) =>
      config[system].target.map(
        ({ target, arch }: { target: string; arch: string[] }) => `${system} ${target} ${arch.join('+')}`,
      ),
    );
    expect(targets).toEqual([
      'win nsis x64+arm64',
      'mac dmg x64+arm64',
      'mac zip x64+arm64',
      'linux AppImage x64+arm64',
      'linux deb x64+arm64',
    ]);
  });

  it('names files that are there', () => {
    const named = [config.win.icon, config.mac.icon, config.linux.icon, config.deb.fpm[0].split('=')[0]];
    expect(named.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  it('registers the scheme that the application understands', () => {
    expect(config.protocols[0].schemes).toEqual([DEEP_LINK_SCHEME]);
    expect(config.linux.mimeTypes).toEqual([`x-scheme-handler/${DEEP_LINK_SCHEME}`]);
  });

  it('leaves no file of the page without a MIME type', () => {
    const kinds = listBuilt(path.join(dist, 'renderer')).map((file) => path.extname(file).toLowerCase());
    expect([...new Set(kinds)].filter((kind) => MIME_TYPES[kind] === undefined)).toEqual([]);
  });
});
