import type { App } from 'electron';

/**
 * A quit may wait for the host, but not longer: the operating system kills a
 * program that hangs at log-off, and the journal is safe without this wait.
 */
export const QUIT_LIMIT_MS = 5_000;

/**
 * Lets the host finish before the application ends: the first `before-quit` is
 * held until `close` is done or the limit has passed, then the quit goes on.
 */
export function waitBeforeQuit(
  app: Pick<App, 'on' | 'quit'>,
  options: {
    close(): Promise<void>;
    readonly limitMs?: number;
    /** Told when the wait ended for another reason than `close` being done. */
    onUnfinished(reason: string): void;
  },
): void {
  let state: 'running' | 'closing' | 'closed' = 'running';
  app.on('before-quit', (event) => {
    if (state === 'closed') return;
    event.preventDefault();
    if (state === 'closing') return;
    state = 'closing';
    const end = async (): Promise<void> => {
      await finish(options);
      state = 'closed';
      app.quit();
    };
    void end();
  });
}

async function finish(options: Parameters<typeof waitBeforeQuit>[1]): Promise<void> {
  const limitMs = options.limitMs ?? QUIT_LIMIT_MS;
  const { promise: tooLong, resolve } = Promise.withResolvers<'tooLong'>();
  const timer = setTimeout(resolve, limitMs, 'tooLong');
  try {
    const first = await Promise.race([options.close(), tooLong]);
    if (first === 'tooLong') options.onUnfinished(`the host was not done after ${limitMs} ms`);
  } catch (thrown) {
    options.onUnfinished(String(thrown));
  } finally {
    clearTimeout(timer);
  }
}
