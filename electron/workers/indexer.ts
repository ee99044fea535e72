import { logsContract } from '#shared/host/logs.ts';
import type { Transport } from '#shared/host/messages.ts';
import { serveContract } from '#shared/host/serve.ts';
import { createLogHandlers } from '../services/logs/handlers.ts';

/**
 * The process that reads, indexes and searches logs, apart from the host: a
 * file of any size or content is its own affair, and a crash ends the logs on
 * the screen, not the application.
 */

export interface LogsWorker {
  /** Closes every log and ends what works on them. */
  close(): Promise<void>;
}

/** Serves the logs over the transport to the host. When that closes, all logs are closed. */
export function serveLogs(
  transport: Transport,
  options: { onFault?: (method: string, thrown: unknown) => void } = {},
): LogsWorker {
  const { handlers, closeAll } = createLogHandlers();
  serveContract(
    logsContract,
    { logs: handlers },
    {
      ...transport,
      onClose: (listener) =>
        transport.onClose(() => {
          listener();
          void closeAll();
        }),
    },
    options,
  );
  return { close: closeAll };
}
