import { randomUUID } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceClient, ServiceHandlers } from '#shared/host/define.ts';
import type { AccessGround, RecordingFacts, SessionFacts, sshService } from '#shared/host/ssh.ts';
import type { sshWorkerService } from '#shared/host/ssh-worker.ts';
import type { SshSecret } from './authentication.ts';
import { KnownHosts } from './known-hosts.ts';
import { durationOfRecording, SessionFiles } from './session-files.ts';
import { SshError } from './ssh-error.ts';

type Worker = ServiceClient<typeof sshWorkerService>;

export interface SshHandlersOptions {
  /** The process that runs the sessions; asked for at each call, so that it may be started anew. */
  readonly worker: () => Promise<Worker>;
  /** The vault. What it gives goes to the worker and is kept nowhere. */
  readonly resolveCredential: (credentialId: string) => Promise<SshSecret>;
  readonly blobs: { adoptFile(path: string): Promise<{ sha256: string; size: number }> };
  readonly dataDir: string;
  readonly wallMs?: () => number;
}

interface LiveSession {
  facts: SessionFacts;
  /** Resolves when the session is over and its recording stands in the blob store. */
  readonly over: Promise<SessionFacts>;
}

/** The host's side of remote sessions: consent, host keys, secrets, and what becomes of the recordings. */
export function createSshHandlers(options: SshHandlersOptions): ServiceHandlers<typeof sshService> {
  const { worker, resolveCredential, blobs, dataDir, wallMs = Date.now } = options;
  const files = new SessionFiles(join(dataDir, 'recordings'));
  const live = new Map<string, LiveSession>();
  let opened: Promise<KnownHosts> | undefined;
  const knownHosts = () => (opened ??= KnownHosts.open(join(dataDir, 'known-hosts.json')));

  /** Puts a recording into the blob store. One without a good end is adopted as far as it goes. */
  const adopt = async (
    sessionId: string,
    closed?: { durationMs: number },
  ): Promise<RecordingFacts | undefined> => {
    const path = files.recordingPath(sessionId);
    const durationMs = closed?.durationMs ?? (await durationOfRecording(path));
    if (durationMs === undefined) return undefined;
    if (closed !== undefined) return { ...(await blobs.adoptFile(path)), durationMs, complete: true };
    // The process that died may still have the file open; a copy stays what its hash says.
    const copy = `${path}.kept`;
    await copyFile(path, copy);
    const kept = { ...(await blobs.adoptFile(copy)), durationMs, complete: false };
    await rm(path, { force: true });
    return kept;
  };

  const finish = async (session: LiveSession): Promise<SessionFacts> => {
    const { sessionId } = session.facts;
    const { end, recording } = await worker()
      .then((sessions) => sessions.ended({ sessionId }))
      .catch(() => workerLost);
    const adopted = await adopt(sessionId, recording ?? undefined);
    const facts: SessionFacts = {
      ...session.facts,
      state: 'ended',
      end,
      ...(adopted !== undefined && { recording: adopted }),
    };
    await files.write(facts);
    session.facts = facts;
    return facts;
  };

  const follow = (facts: SessionFacts): void => {
    const { promise: over, resolve, reject } = Promise.withResolvers<SessionFacts>();
    const session: LiveSession = { facts, over };
    live.set(facts.sessionId, session);
    finish(session).then(resolve, reject);
    // Whoever closes the session hears of a failure; unheard, the file is found again at the next start.
    over.catch(() => undefined);
  };

  return {
    connect: async (input) => {
      requireGround(input.ground);
      const store = await knownHosts();
      const sessionId = randomUUID();
      const sessions = await worker();
      const outcome = await sessions.connect({
        sessionId,
        host: input.host,
        port: input.port,
        username: input.username,
        secret: input.credentialId === null ? { kind: 'none' } : await resolveCredential(input.credentialId),
        knownKeys: [...store.of(input.host, input.port)],
        title: input.title,
        cols: input.cols,
        rows: input.rows,
        charset: input.charset,
        legacyAlgorithms: input.legacyAlgorithms,
        recordingPath: files.recordingPath(sessionId),
      });
      if (outcome.kind !== 'connected') return outcome;
      const facts: SessionFacts = {
        sessionId,
        ticketId: input.ticketId,
        title: input.title,
        ground: input.ground,
        connection: outcome.facts,
        startedAt: new Date(wallMs()).toISOString(),
        state: 'open',
      };
      await files.write(facts);
      follow(facts);
      return { kind: 'connected', session: facts };
    },
    trustHostKey: async ({ host, port, key, replace, trustedBy }) => {
      const store = await knownHosts();
      await store.trust(
        { host, port, key, ...(trustedBy !== undefined && { trustedBy }) },
        { at: new Date(wallMs()), replace },
      );
      return {};
    },
    knownHosts: async () => [...(await knownHosts()).list()],
    forgetHost: async ({ host, port }) => {
      await (await knownHosts()).forget(host, port);
      return {};
    },

    output: async function* (input, { signal }) {
      yield* (await worker()).output(input, { signal });
    },
    write: async (input) => (await worker()).write(input),
    resize: async (input) => (await worker()).resize(input),
    setCharset: async (input) => (await worker()).setCharset(input),
    mark: async (input) => (await worker()).mark(input),
    close: async ({ sessionId }) => {
      const session = live.get(sessionId);
      if (session === undefined) throw new SshError('ssh.noSession', 'This session is over.');
      if (session.facts.state === 'open') {
        // A worker that has died cannot close; the session then ends as lost.
        await worker()
          .then((sessions) => sessions.close({ sessionId }))
          .catch(() => undefined);
      }
      return session.over;
    },
    sessions: async () => [...live.values()].map((session) => session.facts),
    tail: async function* (input, { signal }) {
      yield* (await worker()).tail(input, { signal });
    },
    clockOffset: async (input) => (await worker()).clockOffset(input),

    unclaimedRecordings: async () => {
      const unclaimed: SessionFacts[] = [];
      for (const facts of await files.list()) {
        if (live.get(facts.sessionId)?.facts.state === 'open') continue;
        if (facts.state === 'ended') {
          unclaimed.push(facts);
          continue;
        }
        // Open in its file but not in this process: the application was killed while it ran.
        const recording = await adopt(facts.sessionId);
        const recovered: SessionFacts = {
          ...facts,
          state: 'ended',
          end: hostLost,
          ...(recording !== undefined && { recording }),
        };
        await files.write(recovered);
        unclaimed.push(recovered);
      }
      return unclaimed;
    },
    claimRecording: async ({ sessionId }) => {
      await files.remove(sessionId);
      return {};
    },
  };
}

const workerLost = {
  end: {
    why: 'error',
    code: 'ssh.workerLost',
    message:
      'The process with the terminal sessions stopped, so this one ended. Its recording is kept; connect again.',
  },
  recording: null,
} as const;

const hostLost = {
  why: 'error',
  code: 'ssh.hostLost',
  message: 'The application was ended while this session was open. Its recording is kept.',
} as const;

/** No consent, no connection (rule E2). An emergency has to say why. */
function requireGround(ground: AccessGround | null): asserts ground is AccessGround {
  const given = ground?.kind === 'consent' ? ground.eventId : ground?.reason;
  if (given === undefined || given.trim() === '') {
    throw new SshError(
      'ssh.noConsent',
      'Remote access needs a consent on record, or an emergency with its reason. Record one of them first.',
    );
  }
}
