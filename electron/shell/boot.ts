import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { app } from 'electron';
import { launchOptions } from './launch-options.ts';

/**
 * The first file that runs, kept apart because the compile cache works only
 * for what is loaded after it is on. The data folder comes first: the cache,
 * the single-instance lock and Chromium's profile all lie in it.
 */
performance.mark('app/didStartMain');
app.setName('Faultline');
const { dataDir } = launchOptions(process.argv, process.cwd());
if (dataDir !== undefined) app.setPath('userData', dataDir);
// An AppImage is mounted elsewhere at each start, so its cache would never be hit and only grow.
if (process.env['APPIMAGE'] === undefined) {
  enableCompileCache(path.join(app.getPath('userData'), 'compile-cache'));
}
// Built beside this file from ../main.ts; joined, so that the bundler leaves it to run time.
require(path.join(__dirname, 'start.cjs'));
