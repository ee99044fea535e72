import { z } from 'zod';
import { call, stream } from './define.ts';
import {
  bytesOf,
  charset,
  clockOffset,
  connectionFacts,
  hostKeyChanged,
  hostKeyUnknown,
  knownHost,
  OUTPUT_WINDOW_BYTES,
  screenItem,
  sessionEnd,
  sessionId,
  tailInput,
  tailItem,
  target,
  terminalSize,
  writeInput,
} from './ssh-types.ts';

/** The secret itself. It goes from the host's vault to the worker and nowhere else. */
const secret = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('password'), password: z.string() }),
  z.object({ kind: z.literal('privateKey'), privateKey: z.string(), passphrase: z.string().optional() }),
  z.object({ kind: z.literal('none') }),
]);

/** A closed recording file; null when recording failed. */
const endedSession = z.object({
  end: sessionEnd,
  recording: z
    .object({ path: z.string(), size: z.int(), sha256: z.string(), durationMs: z.int() })
    .nullable(),
});

const bySession = z.object({ sessionId });
const nothing = z.object({});

/** What the host asks of the process that runs the sessions. It decides nothing: keys and paths are given. */
export const sshWorkerService = {
  connect: call(
    z.object({
      ...target,
      ...terminalSize,
      sessionId,
      title: z.string(),
      username: z.string(),
      secret,
      knownKeys: z.array(knownHost),
      charset,
      legacyAlgorithms: z.boolean(),
      recordingPath: z.string(),
    }),
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('connected'), facts: connectionFacts }),
      hostKeyUnknown,
      hostKeyChanged,
    ]),
  ),
  output: stream(bySession, screenItem, { window: OUTPUT_WINDOW_BYTES, cost: bytesOf }),
  write: call(writeInput, nothing),
  resize: call(z.object({ sessionId, ...terminalSize }), nothing),
  setCharset: call(z.object({ sessionId, charset }), nothing),
  mark: call(z.object({ sessionId, label: z.string() }), nothing),
  close: call(bySession, endedSession),
  /** Answers when the session is over, for whatever reason. */
  ended: call(bySession, endedSession),
  tail: stream(tailInput, tailItem, { window: OUTPUT_WINDOW_BYTES, cost: bytesOf }),
  clockOffset: call(bySession, clockOffset),
};

/** The contract served over the port between host and worker. */
export const sshWorkerContract = { sshWorker: sshWorkerService };
