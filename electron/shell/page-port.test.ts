import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Transport } from '#shared/host/messages.ts';
import { handOverPorts } from './page-port.ts';

class Port extends EventEmitter {
  started = false;
  closed = false;
  readonly sent: unknown[] = [];
  postMessage(message: unknown) {
    this.sent.push(message);
  }
  start() {
    this.started = true;
  }
  close() {
    this.closed = true;
  }
}

function shell() {
  const ipcMain = new EventEmitter();
  const channels: { port1: Port; port2: Port }[] = [];
  const connected: Transport[] = [];
  const refused: string[] = [];
  const delivered: unknown[][] = [];
  const listening: true[] = [];
  handOverPorts({
    ipcMain: ipcMain as never,
    newChannel: () => {
      const channel = { port1: new Port(), port2: new Port() };
      channels.push(channel);
      return channel as never;
    },
    isKnown: (id) => id === 1,
    onConnected: (transport) => connected.push(transport),
    onListening: () => listening.push(true),
    onRefused: (reason) => refused.push(reason),
  });
  const ask = (frame: object | null = {}, id = 1, word: unknown = 'port') =>
    ipcMain.emit(
      'faultline:page',
      {
        sender: { id },
        senderFrame: frame && {
          url: 'app://faultline/index.html',
          parent: null,
          postMessage: (...message: unknown[]) => delivered.push(message),
          ...frame,
        },
      },
      word,
    );
  return { ask, channels, connected, refused, delivered, listening };
}

describe('the hand-over of the port', () => {
  it('gives one end to the page and the other to the host', () => {
    const { ask, channels, connected, delivered } = shell();
    ask();
    expect(delivered).toEqual([['faultline:port', null, [channels[0]!.port2]]]);
    const seen: unknown[] = [];
    connected[0]!.onMessage((message) => seen.push(message));
    channels[0]!.port1.emit('message', { data: { t: 'hello' } });
    expect(seen).toEqual([{ t: 'hello' }]);
    expect(channels[0]!.port1.started).toBe(true);
  });

  it('gives a fresh port to the next load and closes the one before', () => {
    const { ask, channels, connected } = shell();
    ask();
    let isOver = false;
    connected[0]!.onClose(() => (isOver = true));
    ask();
    expect([channels.length, channels[0]!.port1.closed, isOver]).toEqual([2, true, true]);
  });

  it('hears that the page listens, from our own page only', () => {
    const { ask, listening, channels } = shell();
    ask({}, 1, 'listening');
    ask({ url: 'https://evil.example/' }, 1, 'listening');
    ask({}, 1, 'anything');
    expect([listening, channels]).toEqual([[true], []]);
  });

  it.each([
    ['the frame is gone', null, 1],
    ['a frame inside the page', { parent: {} }, 1],
    ['another origin', { url: 'https://evil.example/' }, 1],
    ['another origin', { url: 'app://faultline.evil/' }, 1],
    ['no window of ours', {}, 2],
  ])('refuses: %s', (reason, frame, id) => {
    const { ask, channels, refused } = shell();
    ask(frame, id);
    expect(refused).toEqual([reason]);
    expect(channels).toEqual([]);
  });
});
