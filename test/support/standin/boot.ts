import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';

/** Runs the main script named on the command line with the stand-in in the place of `electron`. */
const standin = new URL('./electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: standin, format: 'module', shortCircuit: true }
      : next(specifier, context),
});
const require = createRequire(import.meta.url);
const electron = require('electron') as { startApp(): void };
const main = process.argv.slice(2).find((argument) => /\.[cm]?js$/.test(argument)) ?? '';
const run = (): void => {
  require(path.resolve(main));
  electron.startApp();
};
// Playwright asks for `require` and calls `__playwright_run` once it is attached on both sides.
Object.assign(globalThis, { require, __playwright_run: run });
if (!process.argv.includes('--remote-debugging-port=0')) run();
