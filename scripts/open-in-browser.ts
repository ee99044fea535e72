import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
  linux: ['xdg-open'],
};

/** Whether there is a screen to open a window on. */
export function hasScreen(
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): boolean {
  return platform !== 'linux' || Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
}

/** A page that leads on to `url` at once. */
export function redirectPage(url: string): string {
  const escaped = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<!doctype html><meta charset="utf-8"><title>Faultline</title><meta http-equiv="refresh" content="0;url=${escaped}"><a href="${escaped}">Faultline</a>\n`;
}

/**
 * Opens the address in the user's browser. The address carries a token, and a
 * command line is visible to every user of the machine: so the browser is
 * given a file that only this user can read, which leads on to the address.
 * @returns a function that removes the file.
 */
export async function openInBrowser(url: string): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-open-'));
  const file = join(folder, 'faultline.html');
  await writeFile(file, redirectPage(url), { mode: 0o600 });
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, pathToFileURL(file).href], { stdio: 'ignore', detached: true });
  child.on('error', () =>
    console.log('No browser could be opened from here: open the address above yourself.'),
  );
  child.unref();
  return () => rm(folder, { recursive: true, force: true });
}
