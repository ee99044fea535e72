import { startBrowserHost, type BrowserHostOptions } from '#electron/serve.ts';
import { buildAll } from './build.ts';
import { hasScreen, openInBrowser } from './open-in-browser.ts';
import { readPackageJson } from './repository.ts';
import type { StartOptions } from './start-options.ts';

export interface RunningApplication {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Builds the page if it is stale, starts the browser host, says where it is and
 * opens it if wished and possible.
 * @param demoDevice where the device of the demo workspace answers.
 */
export async function runBrowserHost(
  options: StartOptions,
  demoDevice?: BrowserHostOptions['demoDevice'],
): Promise<RunningApplication> {
  await buildAll({ only: ['renderer'] });
  const host = await startBrowserHost({
    dataDir: options.data,
    version: readPackageJson().version,
    demo: options.demo,
    ...(demoDevice === undefined ? {} : { demoDevice }),
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  console.log(`Faultline ready: ${host.url}`);
  const forget = options.open && hasScreen() ? await openInBrowser(host.url) : undefined;
  return {
    url: host.url,
    close: async () => {
      await forget?.();
      await host.close();
    },
  };
}
