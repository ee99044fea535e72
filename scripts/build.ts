import { copyFile, mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { understand } from './command-line.ts';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig, type Plugin } from 'vite';
import { hashInputs, isUpToDate, writeStamp } from './build-stamp.ts';
import { repositoryRoot as root } from './repository.ts';

/**
 * The build: plain Vite, one call for each output (docs/decisions/0006-build.md).
 *
 *   node scripts/build.ts [--only renderer,shell,serve,server] [--force]
 *
 * Outputs whose inputs have not changed since the last build are left alone.
 */
export const TARGETS = ['renderer', 'shell', 'serve', 'server'] as const;
export type Target = (typeof TARGETS)[number];

/** What each target is made of; a change in one of these makes it stale. */
const INPUTS: Readonly<Record<Target, readonly string[]>> = {
  renderer: ['renderer', 'shared', 'resources'],
  shell: ['electron', 'shared', 'resources'],
  serve: ['electron', 'shared', 'resources'],
  server: ['server', 'shared', 'scripts/server.ts', 'resources'],
};
/** Stands for the whole output: when it is gone, the stamp says nothing. */
const OUTPUT: Readonly<Record<Target, string>> = {
  renderer: 'dist/renderer/index.html',
  shell: 'dist/main/main.cjs',
  serve: 'dist/serve/serve.mjs',
  server: 'dist/server/server.mjs',
};
const INPUTS_OF_ALL = ['package.json', 'package-lock.json', 'scripts/build.ts'];

/** The engine of Electron 45 and its Node; the browser host asks for a Chromium no older. */
const PAGE_TARGET = 'chrome148';
const NODE_TARGET = 'node24';

/** Native modules that are optional where they are required: the package goes without them. */
const LEFT_OUT = ['cpu-features', 'pg-native', /\.node$/];

const at = (...parts: string[]): string => path.join(root, ...parts);

export interface ShellBuild {
  /** Where `main`, `preload`, `workers` and `resources` go. */
  readonly outDir?: string;
  /** Stands in for electron/services/host/create-host.ts; tests of the shell bring their own host. */
  readonly host?: string;
  /** Worker entries by name; by default those in electron/shell/worker-entries/. */
  readonly workers?: Readonly<Record<string, string>>;
}

/** Builds the page into dist/renderer. Without a page it says so and does nothing. */
export async function buildRenderer(outDir = at('dist/renderer')): Promise<void> {
  if (!existsSync(at('renderer/index.html')) || !existsSync(at('renderer/main.tsx'))) {
    console.log('renderer: skipped, there is no renderer/index.html with its main.tsx');
    return;
  }
  await build({
    ...common,
    root: at('renderer'),
    base: '/',
    publicDir: false,
    plugins: [react()],
    build: {
      ...commonBuild(outDir),
      target: PAGE_TARGET,
      // The policy allows no data: fonts and no data: scripts.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // One desktop bundle, read from the disk: a big chunk costs little, and what is lazy is lazy by import().
      chunkSizeWarningLimit: 3_000,
      rolldownOptions: {
        output: {
          // One piece with the setting that must stand before the first schema is made (renderer/host/no-eval.ts).
          codeSplitting: {
            groups: [{ name: 'schemas', test: /[\\/]node_modules[\\/]zod[\\/]|[\\/]no-eval\.ts$/ }],
          },
        },
      },
    },
    worker: { format: 'es' },
  });
}

/** Builds everything of the desktop application but the page. */
export async function buildShell(options: ShellBuild = {}): Promise<void> {
  const outDir = options.outDir ?? at('dist');
  const standInHost =
    options.host === undefined
      ? []
      : [replaceModule(at('electron/services/host/create-host.ts'), options.host)];
  await buildNode({
    outDir: path.join(outDir, 'main'),
    format: 'cjs',
    // `boot` turns the compile cache on and then requires `start`; package.json names the first as main.
    input: { main: at('electron/shell/boot.ts'), start: at('electron/main.ts') },
    external: ['electron'],
    plugins: standInHost,
  });
  await buildNode({
    outDir: path.join(outDir, 'preload'),
    format: 'cjs',
    input: { preload: at('electron/preload.ts') },
    external: ['electron'],
  });
  const workers = options.workers ?? workerEntries();
  if (Object.keys(workers).length > 0) {
    await buildNode({ outDir: path.join(outDir, 'workers'), format: 'es', input: workers });
  }
  await copyResources(path.join(outDir, 'resources'));
}

/** Builds the browser host. It runs beside node_modules, so packages stay outside. */
export async function buildServe(): Promise<void> {
  const entry = at('electron/serve.ts');
  if (!existsSync(entry)) {
    console.log('serve: skipped, there is no electron/serve.ts');
    return;
  }
  await buildNode({ outDir: at('dist/serve'), format: 'es', input: { serve: entry }, keepPackages: true });
}

/** Builds the central server. Its natives and its WebAssembly come from node_modules, so packages stay outside. */
export async function buildServer(): Promise<void> {
  await buildNode({
    outDir: at('dist/server'),
    format: 'es',
    input: { server: at('scripts/server.ts') },
    keepPackages: true,
  });
}

const BUILDERS: Readonly<Record<Target, () => Promise<void>>> = {
  renderer: () => buildRenderer(),
  shell: () => buildShell(),
  serve: buildServe,
  server: buildServer,
};

/**
 * Builds the named targets, those that are up to date excepted.
 * @returns the targets that were built.
 */
export async function buildAll(
  options: { readonly only?: readonly Target[]; readonly force?: boolean } = {},
): Promise<Target[]> {
  const built: Target[] = [];
  for (const target of options.only ?? TARGETS) {
    const hash = hashInputs(
      root,
      [...INPUTS[target], ...INPUTS_OF_ALL],
      `${target} ${process.versions.node}`,
    );
    const stamp = at('dist', `.stamp-${target}.json`);
    if (options.force !== true && existsSync(at(OUTPUT[target])) && isUpToDate(stamp, hash)) continue;
    const started = performance.now();
    await BUILDERS[target]();
    await mkdir(at('dist'), { recursive: true });
    writeStamp(stamp, hash);
    built.push(target);
    console.log(`${target}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
  return built;
}

const common: InlineConfig = { configFile: false, logLevel: 'warn', mode: 'production', envDir: false };
const commonBuild = (outDir: string) => ({
  outDir,
  emptyOutDir: true,
  reportCompressedSize: false,
  sourcemap: false,
});

interface NodeBuild {
  readonly outDir: string;
  readonly format: 'cjs' | 'es';
  readonly input: Readonly<Record<string, string>>;
  readonly external?: readonly (string | RegExp)[];
  readonly plugins?: readonly Plugin[];
  /** Leave packages to node_modules instead of bundling them. */
  readonly keepPackages?: boolean;
}

/** One output for Node: a file for each entry, with everything in it that is not external. */
async function buildNode(given: NodeBuild): Promise<void> {
  const extension = given.format === 'cjs' ? 'cjs' : 'mjs';
  const external = [...builtinModules, /^node:/, ...LEFT_OUT, ...(given.external ?? [])];
  await build({
    ...common,
    root,
    publicDir: false,
    plugins: [...(given.plugins ?? [])],
    ssr: { target: 'node', ...(given.keepPackages !== true && { noExternal: true }) },
    build: {
      ...commonBuild(given.outDir),
      ssr: true,
      target: NODE_TARGET,
      minify: false,
      rolldownOptions: {
        input: given.input,
        external,
        output: {
          format: given.format,
          ...(given.format === 'es' && { banner: COMMONJS_NAMES }),
          entryFileNames: `[name].${extension}`,
          chunkFileNames: `chunks/[name]-[hash].${extension}`,
        },
      },
    },
  });
}

/** Bundled CommonJS packages (ssh2's poly1305) ask for these, which modules do not have. */
const COMMONJS_NAMES = 'const __dirname = import.meta.dirname, __filename = import.meta.filename;';

function workerEntries(): Record<string, string> {
  const names = ['sessions', 'indexer', 'reports', 'log-tasks', 'worker-thread'];
  const places = (name: string): string[] => [
    at('electron/shell/worker-entries', `${name}.ts`),
    at('electron/workers', `${name}.ts`),
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const entry = places(name).find((file) => existsSync(file));
      if (entry === undefined) console.log(`worker ${name}: skipped, it has no entry`);
      return entry === undefined ? [] : [[name, entry]];
    }),
  );
}

function replaceModule(wanted: string, replacement: string): Plugin {
  const withoutExtension = wanted.replace(/\.ts$/, '');
  return {
    name: 'replace-module',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.')) return null;
      const target = path.resolve(path.dirname(importer), source).replace(/\.ts$/, '');
      return target === withoutExtension ? replacement : null;
    },
  };
}

/** The two weights that papers are set in, as electron/services/documents/fonts.ts looks for them. */
const FONTS = ['400Regular/NotoSansSC_400Regular.ttf', '700Bold/NotoSansSC_700Bold.ttf'];

async function copyResources(outDir: string): Promise<void> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(path.join(outDir, 'fonts'), { recursive: true });
  await copyFile(at('resources/icons/512x512.png'), path.join(outDir, 'icon.png'));
  for (const font of FONTS) {
    await copyFile(
      at('node_modules/@expo-google-fonts/noto-sans-sc', font),
      path.join(outDir, 'fonts', path.basename(font)),
    );
  }
}

const USAGE = `npm run build -- [--only TARGET,TARGET] [--force]
  --only   of: ${TARGETS.join(', ')}; without it all
  --force  also what is up to date`;

if (import.meta.main) {
  const values = understand(USAGE, { only: { type: 'string' }, force: { type: 'boolean', default: false } });
  const only = values.only?.split(',').map((name) => {
    const target = TARGETS.find((known) => known === name.trim());
    if (target === undefined)
      throw new RangeError(`Unknown target "${name}". There are: ${TARGETS.join(', ')}.`);
    return target;
  });
  const built = await buildAll({ force: values.force, ...(only !== undefined && { only }) });
  if (built.length === 0) console.log('Everything is up to date.');
}
