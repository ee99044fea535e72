import { MessageChannel, Worker } from 'node:worker_threads';
import { nodePortTransport } from './node-port-transport.ts';
import type { WorkerName, WorkerProcess } from './ports.ts';

/** From the sources in development; a build puts the entry at `dist/workers/worker-thread.mjs`, beside the bundle of this file's folder. */
const ENTRY = import.meta.url.endsWith('.ts')
  ? new URL('../../workers/worker-thread.ts', import.meta.url)
  : new URL('../workers/worker-thread.mjs', import.meta.url);

/** Starts a worker as a thread of this process: what a host without Electron has. */
export function spawnWorkerThread(
  name: WorkerName,
  settings: Readonly<Record<string, unknown>> = {},
): WorkerProcess {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(ENTRY, {
    name,
    workerData: { name, settings, port: port2 },
    transferList: [port2],
  });
  const transport = nodePortTransport(port1);
  let exitCode: number | undefined;
  let onExit: ((code: number) => void) | undefined;
  // `exit` follows; without a listener the error would end the host with it.
  worker.on('error', () => transport.close());
  worker.on('exit', (code) => {
    exitCode = code;
    transport.close();
    onExit?.(code);
  });
  return {
    transport,
    onExit: (listener) => {
      onExit = listener;
      if (exitCode !== undefined) listener(exitCode);
    },
    kill: () => void worker.terminate(),
  };
}
