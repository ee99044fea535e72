import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './repository.ts';
import { runCommand } from './run-command.ts';

const PROBE_TIMEOUT_MS = 3_000;
/** About 120 MB; on a slow line a person would rather have the browser host now. */
const FETCH_LIMIT_MS = 5 * 60_000;

const electronPackage = join(repositoryRoot, 'node_modules', 'electron');

/**
 * The Electron executable, or undefined when it has not been downloaded. Looks
 * where the package `electron` itself looks (path.txt, dist/,
 * ELECTRON_OVERRIDE_DIST_PATH), but never loads it: loading starts a download.
 */
export function findElectron(
  folder = electronPackage,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const pathFile = join(folder, 'path.txt');
  const inside = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : undefined;
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override === undefined && inside === undefined) return undefined;
  const executable = join(override ?? join(folder, 'dist'), inside ?? 'electron');
  return existsSync(executable) ? executable : undefined;
}

/** Where the runtime would come from: GitHub, or the mirror that is set. Ends with a slash. */
export function electronDownloadBase(env: NodeJS.ProcessEnv = process.env): string {
  const mirror = env['ELECTRON_MIRROR'] ?? env['npm_config_electron_mirror'];
  return (mirror ?? 'https://github.com/electron/electron/releases/download/').replace(/\/?$/, '/');
}

async function isReachable(): Promise<boolean> {
  const { version } = JSON.parse(readFileSync(join(electronPackage, 'package.json'), 'utf8')) as {
    version: string;
  };
  const url = `${electronDownloadBase()}v${version}/SHASUMS256.txt`;
  try {
    const answer = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return answer.status < 400;
  } catch {
    // No network, no name, no certificate, no answer in time: all the same answer here.
    return false;
  }
}

/**
 * Downloads Electron's runtime when its source answers within three seconds.
 * Does nothing when FAULTLINE_NO_FETCH is set.
 * @returns the executable, or undefined when it could not be fetched.
 */
export async function fetchElectron(): Promise<string | undefined> {
  if (process.env['FAULTLINE_NO_FETCH'] !== undefined || !existsSync(electronPackage)) return undefined;
  if (!(await isReachable())) return undefined;
  console.log("Fetching Electron's runtime, once (about 120 MB) …");
  const install = join(electronPackage, 'install.js');
  const result = await runCommand('node', [install], { timeoutMs: FETCH_LIMIT_MS });
  if (result.code !== 0) console.error(result.output.trimEnd());
  return findElectron();
}
