/**
 * `npm start`: the desktop application where Electron can run, else the same
 * application in the browser, with one line that says why.
 */
import { mkdirSync } from 'node:fs';
import { HostError } from '#shared/host/errors.ts';
import { runBrowserHost } from './browser-host.ts';
import { chooseHost, desktopObstacle } from './choose-host.ts';
import { runDesktop } from './desktop-host.ts';
import { fetchElectron, findElectron } from './electron-runtime.ts';
import { hasScreen } from './open-in-browser.ts';
import { readStartOptions, START_USAGE, type StartOptions } from './start-options.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const options = understand(process.argv.slice(2));
if (options !== undefined) {
  try {
    await start(options);
  } catch (error) {
    // What the host refuses is a sentence for a person; anything else is a mistake of ours and shows its stack.
    console.error(error instanceof HostError ? error.message : error);
    process.exitCode = 1;
  }
}

function understand(args: readonly string[]): StartOptions | undefined {
  if (args.includes('--help')) {
    console.log(START_USAGE);
    return undefined;
  }
  try {
    return readStartOptions(args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${START_USAGE}`);
    process.exitCode = 1;
    return undefined;
  }
}

async function start(options: StartOptions): Promise<void> {
  const machine = { platform: process.platform, hasScreen: hasScreen(), isRoot: process.getuid?.() === 0 };
  // Nothing is downloaded for a desktop that could not run, or that nobody wants.
  const wantsRuntime =
    options.host !== 'browser' && (options.host === 'desktop' || desktopObstacle(machine) === undefined);
  const executable = wantsRuntime ? (findElectron() ?? (await fetchElectron())) : undefined;
  const chosen = chooseHost({
    ...machine,
    hasRuntime: executable !== undefined,
    ...(options.host === undefined ? {} : { wanted: options.host }),
  });
  if (chosen.reason !== undefined) console.log(chosen.reason);
  mkdirSync(options.data, { recursive: true, mode: 0o700 });

  if (chosen.host === 'browser') {
    const application = await runBrowserHost(options);
    stopOnSignal(() => application.close());
    return;
  }
  if (executable === undefined) {
    console.error(
      "Electron's runtime is not here and cannot be fetched. `npx install-electron` says why; " +
        '`npm start -- --host browser` runs without it.',
    );
    process.exitCode = 1;
    return;
  }
  const child = await runDesktop(executable, options);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  stopOnSignal(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  process.exitCode = await ended;
}
