import type { MessageChannelMain, utilityProcess } from 'electron';
import type { WorkerName, WorkerProcess } from './ports.ts';
import { portTransport } from './port-transport.ts';

/** Environment that would let somebody load code into a worker, or change what it is. */
export const DANGEROUS_ENVIRONMENT = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'ELECTRON_RUN_AS_NODE',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'DYLD_INSERT_LIBRARIES',
  'DYLD_LIBRARY_PATH',
] as const;

/** The environment a worker gets: ours without what is dangerous. */
export function workerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  extra: Readonly<Record<string, string>>,
): Record<string, string> {
  const dangerous = new Set<string>(DANGEROUS_ENVIRONMENT);
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !dangerous.has(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

/**
 * Starts a worker in a utility process and hands it one end of a channel. The
 * transport can be used at once: what is sent before the worker runs waits in the port.
 */
export function spawnWorkerProcess(
  name: WorkerName,
  options: {
    readonly fork: (typeof utilityProcess)['fork'];
    readonly newChannel: () => MessageChannelMain;
    readonly entry: string;
    readonly environment: Record<string, string>;
    readonly settings: Readonly<Record<string, unknown>>;
  },
): WorkerProcess {
  const child = options.fork(options.entry, [], {
    serviceName: `Faultline ${name}`,
    env: options.environment,
  });
  const { port1, port2 } = options.newChannel();
  child.postMessage({ t: 'port', settings: options.settings }, [port2]);
  const transport = portTransport(port1);
  let exitCode: number | undefined;
  let onExit: ((code: number) => void) | undefined;
  child.once('exit', (code) => {
    exitCode = code;
    // The port's own `close` may come late or, after a crash, not at all.
    transport.close();
    onExit?.(code);
  });
  return {
    transport,
    onExit: (listener) => {
      onExit = listener;
      if (exitCode !== undefined) listener(exitCode);
    },
    kill: () => void child.kill(),
  };
}
