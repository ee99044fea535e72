import { SHELL_MESSAGE, type ShellMessage } from '#shared/host/shell-messages.ts';

export interface PageMessages {
  /** Sends now, or keeps the message until the page listens. */
  send(message: ShellMessage): void;
  /** The page listens: what waited goes out, in order. */
  ready(): void;
  /** The page is gone; what comes now is for the next one. */
  pause(): void;
}

/** A link that arrives while nobody listens must not get lost; more than these are a flood, not clicks. */
const KEPT = 20;

/** Messages from menu and deep links to the page, kept while it is loading. */
export function createPageMessages(post: (channel: string, message: ShellMessage) => void): PageMessages {
  let isReady = false;
  const waiting: ShellMessage[] = [];
  return {
    send: (message) => {
      if (isReady) post(SHELL_MESSAGE, message);
      else if (waiting.length < KEPT) waiting.push(message);
    },
    ready: () => {
      isReady = true;
      for (const message of waiting.splice(0)) post(SHELL_MESSAGE, message);
    },
    pause: () => {
      isReady = false;
    },
  };
}
