import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { spawnWorkerProcess, workerEnvironment } from './worker-process.ts';

class Port extends EventEmitter {
  closed = false;
  postMessage() {}
  start() {}
  close() {
    this.closed = true;
  }
}

describe('a worker process', () => {
  it('gets no environment that loads foreign code', () => {
    const environment = { PATH: '/bin', NODE_OPTIONS: '--require=/x', LD_PRELOAD: '/y.so', GONE: undefined };
    expect(workerEnvironment(environment, { OURS: '1' })).toEqual({ PATH: '/bin', OURS: '1' });
  });

  it('gets one end of a channel; when it dies the other end closes', () => {
    const child = Object.assign(new EventEmitter(), {
      sent: [] as unknown[][],
      postMessage(...message: unknown[]) {
        this.sent.push(message);
      },
      kill: () => true,
    });
    const channel = { port1: new Port(), port2: new Port() };
    const forked: unknown[][] = [];
    const worker = spawnWorkerProcess('sessions', {
      fork: ((...given: unknown[]) => {
        forked.push(given);
        return child;
      }) as never,
      newChannel: () => channel as never,
      entry: '/dist/workers/sessions.mjs',
      environment: { PATH: '/bin' },
      settings: { blobsDir: '/b' },
    });
    expect(forked).toEqual([
      ['/dist/workers/sessions.mjs', [], { serviceName: 'Faultline sessions', env: { PATH: '/bin' } }],
    ]);
    expect(child.sent).toEqual([[{ t: 'port', settings: { blobsDir: '/b' } }, [channel.port2]]]);
    const seen: unknown[] = [];
    worker.onExit((code) => seen.push(code));
    worker.transport.onClose(() => seen.push('closed'));
    child.emit('exit', 139);
    expect(seen).toEqual(['closed', 139]);
  });
});
