import type { AppUpdater } from 'electron-updater';
import type { UpdateState } from './ports.ts';

/**
 * Looks for a newer version when a person asks. It is loaded only then, never
 * at the start, and downloads nothing by itself: engineers are on metered
 * lines. Without a network the answer is `unknown`, not an error.
 */
export async function checkForUpdate(
  loadUpdater: () => Promise<Pick<AppUpdater, 'autoDownload' | 'checkForUpdates'>>,
  current: string,
): Promise<UpdateState> {
  try {
    const updater = await loadUpdater();
    updater.autoDownload = false;
    const found = await updater.checkForUpdates();
    if (found === null) return { kind: 'unknown', reason: 'This copy was not installed by the installer.' };
    return found.isUpdateAvailable
      ? { kind: 'available', version: found.updateInfo.version }
      : { kind: 'current', version: current };
  } catch (thrown) {
    return { kind: 'unknown', reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
