import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { repositoryRoot } from './repository.ts';

export interface CommandResult {
  /** Exit code; 1 when a signal ended the command, or when it could not be started. */
  readonly code: number;
  /** What it wrote on both channels, in the order of arrival. */
  readonly output: string;
  readonly seconds: number;
  readonly timedOut: boolean;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The command and all it started are ended after this time. */
  readonly timeoutMs?: number;
  /** Also write its output through while it runs. */
  readonly echo?: boolean;
}

const KILL_AFTER_MS = 5_000;
/** 128 + SIGINT, as shells have it. */
const INTERRUPTED = 130;

/** The environment of this process with the tools of node_modules first in the path. */
export function toolEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const path = [join(repositoryRoot, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  return { ...process.env, PATH: path, ...extra };
}

/**
 * Runs a command in the repository's folder to its end. Never throws; Ctrl+C
 * ends the command and then this process.
 * The command gets a process group of its own, so that a timeout or Ctrl+C
 * ends what it started too, and nothing else.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const started = performance.now();
  const isWindows = process.platform === 'win32';
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: repositoryRoot,
      env: toolEnvironment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: !isWindows,
      // npm's command files on Windows are .cmd scripts, which only a shell runs.
      shell: isWindows,
    });
    let output = '';
    let timedOut = false;
    const kill = (signal: NodeJS.Signals): void => {
      if (child.pid === undefined) return;
      try {
        if (isWindows) child.kill(signal);
        else process.kill(-child.pid, signal);
      } catch (error) {
        // The group may have ended a moment ago: that is what was wanted.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    };
    let hardKill: NodeJS.Timeout | undefined;
    const end = (): void => {
      kill('SIGTERM');
      hardKill ??= setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
    };
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, options.timeoutMs);
    let isInterrupted = false;
    const interrupt = (): void => {
      isInterrupted = true;
      end();
    };
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    for (const channel of [child.stdout, child.stderr]) {
      channel.setEncoding('utf8');
      channel.on('data', (text: string) => {
        output += text;
        if (options.echo === true) process.stdout.write(text);
      });
    }
    let isDone = false;
    const finish = (code: number): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      clearTimeout(hardKill);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      // A person who presses Ctrl+C does not want the next step.
      if (isInterrupted) process.exit(INTERRUPTED);
      resolve({ code, output, seconds: (performance.now() - started) / 1000, timedOut });
    };
    child.on('error', (error) => {
      output += `${command} could not be started: ${error.message}\n`;
      finish(1);
    });
    child.on('close', (code) => finish(code ?? 1));
  });
}
