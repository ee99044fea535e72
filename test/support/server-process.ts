import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const REPOSITORY = new URL('../../', import.meta.url).pathname;

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it wrote so far. */
  output(): string;
  /** Ends the process and waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function spawnScript(flags: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(REPOSITORY, 'scripts/server.ts'), ...flags], {
    cwd: REPOSITORY,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** `npm run server -- <flags>` as a process of its own; resolves when it says that it is ready. */
export async function startServerProcess(flags: readonly string[]): Promise<ServerProcess> {
  const child = spawnScript(flags);
  let output = '';
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}: ${output}`)));
    const hear = (text: string): void => {
      output += text;
      const ready = /Faultline server ready: (\S+)\n/.exec(output)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout!.setEncoding('utf8').on('data', hear);
    child.stderr!.setEncoding('utf8').on('data', hear);
  });
  return {
    url,
    child,
    output: () => output,
    kill: async (signal) => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Runs a command of `npm run server` to its end. */
export async function runServerCommand(flags: readonly string[], input = ''): Promise<CommandResult> {
  const child = spawnScript(flags);
  let output = '';
  let errors = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin!.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output, errors };
}
