import { Inbox } from './inbox.ts';
import type { Transport } from './messages.ts';

/**
 * Two transports joined in memory, for tests and for a host in the same
 * process. Messages are copied through the codec by the caller's `copy`, so
 * that nobody relies on sharing objects that a real transport would not share.
 * Closing is delivered behind what was sent before, as on a real wire.
 */
export function memoryTransportPair(copy: (message: unknown) => unknown): [Transport, Transport] {
  const a = new Inbox();
  const b = new Inbox();
  return [half(a, b, copy), half(b, a, copy)];
}

function half(own: Inbox, other: Inbox, copy: (message: unknown) => unknown): Transport {
  const soon = (work: () => void): void => {
    Promise.resolve()
      .then(work)
      .catch((thrown: unknown) => {
        own.end();
        other.end();
        throw thrown;
      });
  };
  return {
    send: (message) => {
      if (own.isClosed) return;
      const copied = copy(message);
      soon(() => other.deliver(copied));
    },
    onMessage: own.onMessage,
    onClose: own.onClose,
    close: () => {
      own.end();
      soon(() => other.end());
    },
  };
}
