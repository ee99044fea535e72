import { findElectron } from './electron-runtime.ts';
import { desktopObstacle } from './choose-host.ts';
import { runCommand } from './run-command.ts';

/**
 * `npm run test:desktop`: the shell specs on the real Electron binary. Looks
 * for it in ELECTRON_OVERRIDE_DIST_PATH and where `npx install-electron` puts
 * it. Without one nothing is run, that is said, and the exit code is 2: not
 * run is not passed. Arguments are handed on to Playwright.
 */
const electron = findElectron();
if (electron === undefined) {
  console.error(
    'NOT RUN: no Electron binary\n' +
      'Fetch it with `npx install-electron --no`, or name a folder that holds it in ELECTRON_OVERRIDE_DIST_PATH.',
  );
  process.exit(2);
}
const obstacle = desktopObstacle({
  platform: process.platform,
  hasScreen: process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined,
  // Playwright switches the sandbox off, so that root may run the specs.
  isRoot: false,
});
if (obstacle !== undefined) {
  console.error(`NOT RUN: ${obstacle}\nOn Linux \`xvfb-run npm run test:desktop\` lends a screen.`);
  process.exit(2);
}
console.log(`Electron: ${electron}`);
const { code } = await runCommand('playwright', ['test', '--project=electron', ...process.argv.slice(2)], {
  echo: true,
});
process.exitCode = code;
