import { createServer, connect, type Socket } from 'node:net';
import { listen } from './listen.ts';

/**
 * What the network between two programs does to them.
 * - `open`: passes everything on at once
 * - `refused`: nobody listens; what stood is reset
 * - `halfOpen`: connections are accepted and stay, and not one byte passes in either direction
 * - `resetMidAnswer`: a connection is reset when so many bytes of answers have passed
 * - `slow`: so many bytes a second in each direction
 * - `delayed`: each piece arrives so many milliseconds late
 * - `dropAnswers`: requests pass, and what the server says to them never arrives
 */
export type Network =
  | { readonly k: 'open' | 'refused' | 'halfOpen' | 'dropAnswers' }
  | { readonly k: 'resetMidAnswer'; readonly bytes: number }
  | { readonly k: 'slow'; readonly bytesPerSecond: number }
  | { readonly k: 'delayed'; readonly ms: number };

export interface TcpProxy {
  readonly url: string;
  readonly port: number;
  /** From now on, also for connections that stand. */
  set(network: Network): void;
  /** Where the server is now. Connections that stand stay where they are. */
  setTarget(url: string): void;
  /** Resets every connection, also those that a `halfOpen` network has left behind. */
  resetAll(): void;
  close(): Promise<void>;
}

/** A wire that can be cut, slowed and lost, in front of the server at `url`. */
export async function startTcpProxy(url: string): Promise<TcpProxy> {
  let target = new URL(url);
  let network: Network = { k: 'open' };
  const pairs = new Set<Pair>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (network.k === 'refused') {
      near.resetAndDestroy();
      return;
    }
    const pair = new Pair(
      near,
      connect({ port: Number(target.port), host: target.hostname, allowHalfOpen: true }),
      () => network,
    );
    pairs.add(pair);
    near.once('close', () => pairs.delete(pair));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    set: (next) => {
      network = next;
      if (next.k === 'refused') for (const pair of pairs) pair.reset();
      if (next.k === 'halfOpen') for (const pair of pairs) pair.swallow();
    },
    setTarget: (next) => {
      target = new URL(next);
    },
    resetAll: () => {
      for (const pair of pairs) pair.reset();
    },
    close: async () => {
      for (const pair of pairs) pair.reset();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** One connection of a client and the one that stands for it at the server. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #network: () => Network;
  #answered = 0;
  #isSwallowed = false;

  constructor(near: Socket, far: Socket, network: () => Network) {
    this.#near = near;
    this.#far = far;
    this.#network = network;
    if (network().k === 'halfOpen') this.#isSwallowed = true;
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // What one side does to the connection, the other side feels; a reset is a fault and says no more.
      socket.on('error', () => this.reset());
    }
    void this.#carry(near, far, false);
    void this.#carry(far, near, true);
  }

  swallow(): void {
    this.#isSwallowed = true;
  }

  reset(): void {
    this.#near.resetAndDestroy();
    this.#far.resetAndDestroy();
  }

  async #carry(from: Socket, to: Socket, isAnswer: boolean): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) await this.#pass(chunk, to, isAnswer);
      // Nobody on the other side of a dead wire hears that this side has ended.
      if (!this.#isSwallowed) to.end();
    } catch {
      // Cut while it was read: the other side is cut as well.
      this.reset();
    }
  }

  async #pass(chunk: Buffer, to: Socket, isAnswer: boolean): Promise<void> {
    if (this.#isSwallowed) return;
    const network = this.#network();
    switch (network.k) {
      case 'open':
        return write(to, chunk);
      case 'refused':
        return this.reset();
      case 'halfOpen':
        return undefined;
      case 'dropAnswers':
        return isAnswer ? undefined : write(to, chunk);
      case 'resetMidAnswer': {
        const left = network.bytes - this.#answered;
        if (!isAnswer || chunk.length < left) {
          if (isAnswer) this.#answered += chunk.length;
          return write(to, chunk);
        }
        await write(to, chunk.subarray(0, Math.max(0, left)));
        return this.reset();
      }
      case 'delayed':
        await pause(network.ms);
        return write(to, chunk);
      case 'slow':
        return this.#trickle(chunk, to);
    }
  }

  /** Ten pieces a second, as long as the network is slow. */
  async #trickle(chunk: Buffer, to: Socket): Promise<void> {
    let sent = 0;
    while (sent < chunk.length && !to.destroyed) {
      const network = this.#network();
      const piece = network.k === 'slow' ? Math.max(1, network.bytesPerSecond / 10) : chunk.length;
      await write(to, chunk.subarray(sent, sent + piece));
      sent += piece;
      if (sent < chunk.length) await pause(100);
    }
  }
}

function write(to: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (to.destroyed || to.writableEnded) resolve();
    else to.write(bytes, () => resolve());
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
