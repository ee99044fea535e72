import { HostError } from '#shared/host/errors.ts';

export type LogErrorCode =
  | 'log.notFound'
  | 'log.isDirectory'
  | 'log.notAFile'
  | 'log.notADirectory'
  | 'log.unreadable'
  | 'log.readFailed'
  | 'log.vanished'
  | 'log.changed'
  | 'log.notOpen'
  | 'log.tooManyOpen'
  | 'log.notIndexed'
  | 'log.outOfRange'
  | 'log.invalidPattern'
  | 'log.searchFailed'
  | 'log.searchTooSlow'
  | 'log.indexFailed'
  | 'log.excerptTooLarge';

/** What went wrong with a log, as a stable code and an English sentence. */
export class LogError extends HostError {
  declare readonly code: LogErrorCode;

  constructor(
    code: LogErrorCode,
    message: string,
    detail: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(code, message, detail);
    this.name = 'LogError';
  }
}

/**
 * Turns an error of the file system into one of ours. Errors that are ours
 * already pass unchanged; the original stays as `cause`.
 */
export function toLogError(thrown: unknown, path: string): LogError {
  if (thrown instanceof LogError) return thrown;
  const errno = thrown instanceof Error ? String((thrown as NodeJS.ErrnoException).code ?? '') : '';
  const error = describe(errno, path);
  error.cause = thrown;
  return error;
}

/** What was shown and what is in the file now may differ. */
export function changedUnderneath(path: string): LogError {
  return new LogError(
    'log.changed',
    `${path} was rewritten since it was shown, so the chosen place may hold other text now. Load it again and choose anew.`,
    { path },
  );
}

function describe(errno: string, path: string): LogError {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new LogError('log.notFound', `There is no file at ${path}. It may have been moved or deleted.`, {
        path,
      });
    case 'EISDIR':
      return new LogError('log.isDirectory', `${path} is a folder. Choose a file in it.`, { path });
    case 'EACCES':
    case 'EPERM':
      return new LogError(
        'log.unreadable',
        `This account may not read ${path}. Ask for read permission or copy the file to a folder of your own.`,
        { path },
      );
    case 'ENXIO':
      return new LogError('log.notAFile', `${path} is not an ordinary file, so it cannot be paged through.`, {
        path,
      });
    case 'ESTALE':
    case 'ENODEV':
      return new LogError(
        'log.vanished',
        `The drive with ${path} is gone. Connect it and open the file again.`,
        {
          path,
        },
      );
    default:
      return new LogError(
        'log.readFailed',
        `Reading ${path} failed (${errno === '' ? 'unknown error' : errno}). The drive may be damaged or disconnected.`,
        { path, errno },
      );
  }
}
