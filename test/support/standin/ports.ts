import { EventEmitter } from 'node:events';
import { MessageChannel, Worker, type MessagePort, type TransferListItem } from 'node:worker_threads';

/** MessagePortMain over a port of Node. */
export class Port extends EventEmitter {
  readonly inner: MessagePort;
  constructor(inner: MessagePort) {
    super();
    this.inner = inner;
    inner.on('close', () => this.emit('close'));
  }
  postMessage = (message: unknown): void => this.inner.postMessage(message);
  start = (): void => void this.inner.on('message', (data) => this.emit('message', { data, ports: [] }));
  close = (): void => this.inner.close();
}

export class MessageChannelMain {
  readonly port1: Port;
  readonly port2: Port;
  constructor() {
    const channel = new MessageChannel();
    this.port1 = new Port(channel.port1);
    this.port2 = new Port(channel.port2);
  }
}

/** UtilityProcess as a thread: ports can be handed to a thread, not to a process. */
export function fork(
  entry: string,
  _args: string[],
  options: { env: Record<string, string>; serviceName: string },
): EventEmitter {
  const worker = new Worker(new URL('./utility.ts', import.meta.url), {
    workerData: entry,
    env: options.env,
  });
  const child = new EventEmitter();
  worker.on('exit', (code) => child.emit('exit', code));
  return Object.assign(child, {
    postMessage: (data: unknown, ports: Port[] = []) => {
      const inner = ports.map((port) => port.inner);
      worker.postMessage({ data, ports: inner }, inner as TransferListItem[]);
    },
    kill: () => worker.terminate() !== undefined,
  });
}

/** For JSON.stringify and JSON.parse on both sides of the binding, which carries text only. */
export function pack(this: Record<string, unknown>, _key: string, value: unknown): unknown {
  return value instanceof Uint8Array
    ? { $bytes: btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join('')) }
    : value;
}
export function unpack(_key: string, value: unknown): unknown {
  const bytes = (value as { $bytes?: string } | null)?.$bytes;
  return typeof bytes === 'string' ? Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0)) : value;
}
