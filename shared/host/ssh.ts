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

/**
 * Why remote access is allowed (rule E2): a consent on record, or an emergency with its reason. Whether it
 * covers this system at this time is decided by the ticket; here it must be named and is kept with the session.
 */
export const accessGround = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('consent'), eventId: z.string().max(200) }),
  z.object({ kind: z.literal('emergency'), reason: z.string().max(2000) }),
]);
export type AccessGround = z.infer<typeof accessGround>;

/** A finished recording in the blob store. `complete` is false when a crash or a full disk cut it off. */
export const recordingFacts = z.object({
  sha256: z.string(),
  size: z.int(),
  durationMs: z.int(),
  complete: z.boolean(),
});
export type RecordingFacts = z.infer<typeof recordingFacts>;

/** One session, open or ended, with all that its event needs. */
export const sessionFacts = z.object({
  sessionId,
  ticketId: z.string(),
  title: z.string(),
  ground: accessGround,
  connection: connectionFacts,
  /** ISO 8601. */
  startedAt: z.string(),
  state: z.enum(['open', 'ended']),
  end: sessionEnd.optional(),
  recording: recordingFacts.optional(),
});
export type SessionFacts = z.infer<typeof sessionFacts>;

const bySession = z.object({ sessionId });
const nothing = z.object({});

/**
 * Remote sessions as screens see them. A session lives in the host, not in a screen: it goes on while the
 * screen reloads or shows another ticket. Errors carry the codes of SshErrorCode; 'ssh.workerLost' means
 * that the process with the sessions died.
 */
export const sshService = {
  /**
   * Connects and opens a recorded shell. Without a ground: 'ssh.noConsent'. An unknown or changed host key
   * is an answer, not an error, and nothing was sent to that server: show it, trustHostKey, connect again.
   */
  connect: call(
    z.object({
      ...target,
      ...terminalSize,
      ticketId: z.string().min(1).max(200),
      /** Names the session in lists and in the recording, e.g. site and asset. */
      title: z.string().max(200),
      username: z.string().min(1).max(255),
      /** The secret's id in the vault; null logs in without one. */
      credentialId: z.string().max(200).nullable(),
      ground: accessGround.nullable(),
      charset: charset.default('utf-8'),
      /** Also offers the outdated algorithms of old controllers, to this device for this session. */
      legacyAlgorithms: z.boolean().default(false),
    }),
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('connected'), session: sessionFacts }),
      hostKeyUnknown,
      hostKeyChanged,
    ]),
  ),
  /** Trusts the very key that was shown. One in place of another: only with `replace`, else 'ssh.hostKeyChanged'. */
  trustHostKey: call(
    z.object({
      ...target,
      key: z.string().max(20_000),
      replace: z.boolean().default(false),
      trustedBy: z.string().max(200).optional(),
    }),
    nothing,
  ),
  knownHosts: call(nothing, z.array(knownHost)),
  forgetHost: call(z.object(target), nothing),

  /** A replay of the last 256 KiB, the output as it comes, at last the end. The newest screen gets it, the one before ends. */
  output: stream(bySession, screenItem, { window: OUTPUT_WINDOW_BYTES, cost: bytesOf }),
  write: call(writeInput, nothing),
  resize: call(z.object({ sessionId, ...terminalSize }), nothing),
  setCharset: call(z.object({ sessionId, charset }), nothing),
  /** Sets a named mark in the recording. */
  mark: call(z.object({ sessionId, label: z.string().max(200) }), nothing),
  /** Ends the session; its recording then stands in the blob store. On an ended session: its facts. */
  close: call(bySession, sessionFacts),

  /** Open sessions and those ended since the host started. */
  sessions: call(nothing, z.array(sessionFacts)),
  /** Follows a file on the device over the session's connection. */
  tail: stream(tailInput, tailItem, { window: OUTPUT_WINDOW_BYTES, cost: bytesOf }),
  clockOffset: call(bySession, clockOffset),

  /**
   * Sessions that ended (also by a crash of the host) and whose recording no event names yet. Whoever
   * writes that event calls claimRecording, so that no recording is lost between the two.
   */
  unclaimedRecordings: call(nothing, z.array(sessionFacts)),
  claimRecording: call(bySession, nothing),
};
