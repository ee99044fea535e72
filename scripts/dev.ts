/**
 * `npm run dev`: the application with the demo workspace, rebuilt and reloaded
 * when a file is saved. Takes `--port`, `--data` and `--no-open` of `npm start`.
 *
 * It is the same page and the same host that ship, not Vite's own server: the
 * page's security policy and the host's Origin check hold here as well, so what
 * they would forbid is seen at once. A change of the page builds it (about two
 * seconds); a change of the host or of shared/ starts the host again.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openDevBrowser, type DevBrowser } from './dev-browser.ts';
import { repositoryRoot } from './repository.ts';
import { runCommand, toolEnvironment } from './run-command.ts';
import { readStartOptions } from './start-options.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const HOST_FOLDERS = ['electron', 'shared'];
const PAGE_FOLDERS = ['renderer', 'resources'];
/** An editor writes a file in several steps; they count as one change. */
const SETTLE_MS = 150;

const args = process.argv.slice(2);
const options = readStartOptions([...args, '--demo']);

interface Host {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts the browser host as a process of its own; it builds the page first where that is stale. */
function startHost(): Promise<Host | undefined> {
  const child = spawn('node', ['scripts/start.ts', ...args, '--host', 'browser', '--no-open', '--demo'], {
    cwd: repositoryRoot,
    env: toolEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      console.log(line);
      const url = /^Faultline ready: (\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve({ child, url });
    });
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
}

async function stopHost({ child }: Host): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function buildPage(): Promise<boolean> {
  const build = await runCommand('node', ['scripts/build.ts', '--only', 'renderer']);
  if (build.code !== 0)
    console.error(`${build.output.trimEnd()}\nStill showing the last page that could be built.`);
  return build.code === 0;
}

let host = await startHost();
let browser: DevBrowser | undefined;
if (host !== undefined && options.open) browser = await openDevBrowser(join(options.data, 'dev-browser'));
if (host !== undefined) await browser?.show(host.url);

let changed = new Set<string>();
let isBusy = false;
let settle: NodeJS.Timeout | undefined;

async function apply(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  while (changed.size > 0) {
    const folders = changed;
    changed = new Set();
    const isHostChange = host === undefined || HOST_FOLDERS.some((folder) => folders.has(folder));
    if (isHostChange) {
      if (host !== undefined) await stopHost(host);
      host = await startHost();
      if (host === undefined) console.error('The host did not start; it is tried again at the next change.');
    } else if (!(await buildPage())) continue;
    if (host !== undefined) {
      await browser?.show(host.url);
      console.log(browser === undefined ? `Reload the page: ${host.url}` : 'Reloaded.');
    }
  }
  isBusy = false;
}

const watchers = [...HOST_FOLDERS, ...PAGE_FOLDERS].map((folder) =>
  watch(join(repositoryRoot, folder), { recursive: true }, (_event, file) => {
    if (file === null || /\.(test\.tsx?|tsbuildinfo)$|~$/.test(file)) return;
    changed.add(folder);
    clearTimeout(settle);
    settle = setTimeout(() => void apply(), SETTLE_MS);
  }),
);

stopOnSignal(async () => {
  for (const watcher of watchers) watcher.close();
  await browser?.close();
  if (host !== undefined) await stopHost(host);
});
