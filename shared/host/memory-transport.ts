import type { Transport } from './messages.ts';

/**
 * Two transports joined in memory, for tests and for a host in the same
 * process. Messages are copied through the codec by the caller's `copy`, so
 * that nobody relies on sharing objects that a real transport would not share.
 */
export function memoryTransportPair(copy: (message: unknown) => unknown): [Transport, Transport] {
  const a = half();
  const b = half();
  const send = (to: Half) => (message: unknown) => {
    if (a.closed || b.closed) return;
    const copied = copy(message);
    Promise.resolve()
      .then(() => to.deliver(copied))
      .catch((thrown: unknown) => {
        close();
        throw thrown;
      });
  };
  const close = (): void => {
    a.end();
    b.end();
  };
  return [
    { send: send(b), onMessage: a.onMessage, onClose: a.onClose, close },
    { send: send(a), onMessage: b.onMessage, onClose: b.onClose, close },
  ];
}

interface Half {
  closed: boolean;
  deliver(message: unknown): void;
  end(): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

function half(): Half {
  let listener: ((message: unknown) => void) | undefined;
  let closeListener: (() => void) | undefined;
  const early: unknown[] = [];
  return {
    closed: false,
    deliver(message) {
      if (this.closed) return;
      if (listener === undefined) early.push(message);
      else listener(message);
    },
    end() {
      if (this.closed) return;
      this.closed = true;
      closeListener?.();
    },
    onMessage(next) {
      listener = next;
      for (const message of early.splice(0)) next(message);
    },
    onClose(next) {
      closeListener = next;
    },
  };
}
