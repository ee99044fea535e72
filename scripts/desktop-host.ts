import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { APP_ORIGIN } from '#shared/host/origin.ts';
import { buildAll } from './build.ts';
import { repositoryRoot } from './repository.ts';
import { toolEnvironment } from './run-command.ts';
import type { StartOptions } from './start-options.ts';

/**
 * Builds what is stale and starts the desktop application from `dist/`. Says
 * where it is once its window has been painted; it prints its marks then.
 * @throws Error when the build fails.
 */
export async function runDesktop(executable: string, options: StartOptions): Promise<ChildProcess> {
  await buildAll({ only: ['renderer', 'shell'] });
  const args = [repositoryRoot, '--data', options.data, '--perf', ...(options.demo ? ['--demo'] : [])];
  const child = spawn(executable, args, { env: toolEnvironment(), stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"marks"')) console.log(`Faultline ready: ${APP_ORIGIN}/`);
    else console.log(line);
  });
  return child;
}
