import { randomUUID } from 'node:crypto';
import type { ServiceHandlers } from '#shared/host/define.ts';
import type { logsService } from '#shared/host/logs.ts';
import { listFolder } from './list-folder.ts';
import { LogError } from './log-error.ts';
import { OpenLog } from './open-log.ts';

/** Open files of one window; far below what an operating system allows a process. */
const OPEN_LOGS = 64;

export interface LogHandlers extends ServiceHandlers<typeof logsService> {}

/** Handlers of the logs service, and a way to close all logs when the host goes. */
export function createLogHandlers(): { handlers: LogHandlers; closeAll(): Promise<void> } {
  const logs = new Map<string, OpenLog>();

  const find = (logId: string): OpenLog => {
    const log = logs.get(logId);
    if (log !== undefined) return log;
    throw new LogError('log.notOpen', 'This log is not open any more. Open the file again.', { logId });
  };

  return {
    handlers: {
      listFolder: ({ path }) => listFolder(path),
      async open({ path, encoding }) {
        if (logs.size >= OPEN_LOGS) {
          throw new LogError('log.tooManyOpen', `${OPEN_LOGS} logs are open already. Close one first.`, {
            most: OPEN_LOGS,
          });
        }
        const log = await OpenLog.open(path, encoding);
        const logId = randomUUID();
        logs.set(logId, log);
        return {
          logId,
          path: log.path,
          encoding: log.encoding,
          size: log.size,
          generation: log.generation,
        };
      },
      async close({ logId }) {
        const log = find(logId);
        logs.delete(logId);
        await log.close();
        return {};
      },
      async setEncoding({ logId, encoding }) {
        const log = find(logId);
        log.setEncoding(encoding);
        return { size: log.size, generation: log.generation };
      },
      lines: ({ logId, from, count, direction }) => find(logId).lines(from, count, direction),
      index: ({ logId }, { signal }) => find(logId).buildIndex(signal),
      search: ({ logId, ...query }, { signal }) => find(logId).search(query, { signal }),
      follow: ({ logId }, { signal }) => find(logId).follow({ signal }),
      excerpt: ({ logId, ranges, generation }) => find(logId).excerpt(ranges, generation),
    },
    async closeAll() {
      const open = [...logs.values()];
      logs.clear();
      await Promise.all(open.map((log) => log.close()));
    },
  };
}
