import { seedDemo } from '../../resources/demo/seed-demo.ts';
import type { Language } from '#shared/host/app.ts';
import { createHost } from '../services/host/create-host.ts';
import type { ShellHost, ShellPorts } from './ports.ts';

/**
 * Starts the host of the desktop application.
 * @param demo starts the demo workspace in this language, if the data folder has none yet.
 * @throws what `createHost` throws: the folder is in use, or something in it is damaged.
 */
export async function openHost(ports: ShellPorts, demo: Language | undefined): Promise<ShellHost> {
  const host = await createHost({
    ...ports,
    seedDemo: (journal, about) => seedDemo(journal, { ...about, nowMs: Date.now() }),
  });
  if (demo !== undefined) await host.ensureDemo(demo);
  return host;
}
