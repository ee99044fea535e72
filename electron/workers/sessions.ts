import type { ServiceHandlers } from '#shared/host/define.ts';
import type { Transport } from '#shared/host/messages.ts';
import { serveContract } from '#shared/host/serve.ts';
import { sshWorkerContract, type sshWorkerService } from '#shared/host/ssh-worker.ts';
import { measureClockOffset } from '../services/ssh/remote-command.ts';
import { tailRemote } from '../services/ssh/remote-tail.ts';
import { SessionRegistry, type Clock } from '../services/ssh/session-registry.ts';

/**
 * The process that runs the remote sessions, apart from the host: floods of output and the parsing of what
 * strange servers send stay here, and a crash ends the sessions, not the application.
 */

const realClock: Clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };

export interface SessionsWorker {
  /** Ends every session and closes their recordings; for a quit in good order. */
  close(): Promise<void>;
}

/** Serves the sessions over the transport to the host. When that closes, the host is gone and all sessions end. */
export function serveSessions(
  transport: Transport,
  options: { clock?: Clock; onFault?: (method: string, thrown: unknown) => void } = {},
): SessionsWorker {
  const clock = options.clock ?? realClock;
  const registry = new SessionRegistry(clock);
  serveContract(
    sshWorkerContract,
    { sshWorker: sessionHandlers(registry, clock) },
    {
      ...transport,
      onClose: (listener) =>
        transport.onClose(() => {
          listener();
          void registry.closeAll();
        }),
    },
    options.onFault === undefined ? {} : { onFault: options.onFault },
  );
  return { close: () => registry.closeAll() };
}

function sessionHandlers(registry: SessionRegistry, clock: Clock): ServiceHandlers<typeof sshWorkerService> {
  return {
    connect: async (input) => {
      const outcome = await registry.open(input);
      return outcome.kind === 'hostKeyChanged' ? { ...outcome, known: [...outcome.known] } : outcome;
    },
    output: ({ sessionId }, { signal }) => registry.session(sessionId).attach(signal),
    write: async ({ sessionId, data }) => {
      await registry.session(sessionId).write(data);
      return {};
    },
    resize: async ({ sessionId, cols, rows }) => {
      await registry.session(sessionId).resize(cols, rows);
      return {};
    },
    setCharset: async ({ sessionId, charset }) => {
      await registry.session(sessionId).setCharset(charset);
      return {};
    },
    mark: async ({ sessionId, label }) => {
      await registry.session(sessionId).mark(label);
      return {};
    },
    close: async ({ sessionId }) => over(await registry.session(sessionId).close()),
    ended: async ({ sessionId }) => over(await registry.session(sessionId).ended),
    tail: ({ sessionId, path, from }, { signal }) =>
      tailRemote(registry.connection(sessionId), {
        path,
        now: clock.monotonicMs,
        signal,
        ...(from !== undefined && { from }),
      }),
    clockOffset: async ({ sessionId }) =>
      (await measureClockOffset(registry.connection(sessionId), clock)) ?? null,
  };
}

function over<E, R>(result: { end: E; recording: R | undefined }): { end: E; recording: R | null } {
  return { end: result.end, recording: result.recording ?? null };
}
