import { describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

describe('runCommand', () => {
  it('answers the exit code and what was written on both channels', async () => {
    const result = await runCommand('node', [
      '-e',
      "console.log('out'); console.error('err'); process.exit(3)",
    ]);
    expect({ ...result, output: result.output.split('\n').sort(), seconds: 0 }).toEqual({
      code: 3,
      output: ['', 'err', 'out'],
      seconds: 0,
      timedOut: false,
    });
  });

  it('fails for a command that does not exist', async () => {
    const result = await runCommand('faultline-no-such-command', []);
    expect(result.code).toBe(1);
    expect(result.output).toContain('could not be started');
  });

  it.skipIf(process.platform === 'win32')('ends what hangs, and what that has started', async () => {
    // The inner process holds our pipe open: the command counts as ended only when both are gone.
    const script =
      "require('node:child_process').spawn('sleep', ['600'], { stdio: 'inherit' }); setInterval(() => {}, 1000)";
    const result = await runCommand('node', ['-e', script], { timeoutMs: 1_000 });
    expect({ code: result.code, timedOut: result.timedOut }).toEqual({ code: 1, timedOut: true });
    expect(result.seconds).toBeLessThan(20);
  });
});
