import { describe, expect, it } from 'vitest';
import { LogError, toLogError } from './log-error.ts';

describe('errors of the file system', () => {
  it.each([
    ['ENOENT', 'log.notFound'],
    ['ENOTDIR', 'log.notFound'],
    ['ELOOP', 'log.notFound'],
    ['EISDIR', 'log.isDirectory'],
    ['EACCES', 'log.unreadable'],
    ['EPERM', 'log.unreadable'],
    ['ENXIO', 'log.notAFile'],
    ['ESTALE', 'log.vanished'],
    ['EIO', 'log.readFailed'],
  ])('[L1] %s becomes %s with a sentence that names the file', (errno, code) => {
    const thrown = Object.assign(new Error('syscall'), { code: errno });
    const error = toLogError(thrown, '/var/log/messages');
    expect(error).toBeInstanceOf(LogError);
    expect(error).toMatchObject({ code, cause: thrown });
    expect(error.message).toContain('/var/log/messages');
  });

  it('[L1] pass unchanged when they are ours already', () => {
    const ours = new LogError('log.changed', 'It changed.');
    expect(toLogError(ours, 'x')).toBe(ours);
  });
});
