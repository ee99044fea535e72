import type { SessionFacts } from '#shared/host/ssh.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import type { Refusal } from '#shared/domain/refusal.ts';
import { actOnTicket } from '../../app/act.ts';
import type { Desk } from '../../app/desk.ts';

/** What became of a session's recording. */
export type KeptRecording =
  | {
      readonly kind: 'attached';
      readonly sha256: string;
      readonly size: number;
      readonly durationMs: number;
      readonly complete: boolean;
    }
  /** The session ended before anything was recorded. */
  | { readonly kind: 'none' }
  /** The ticket does not take it now; the host keeps the recording and it is offered again. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** The clock of a device against ours, as measured while its session was open; by session. */
export const clockOffsets = new Map<string, number>();

const underWay = new Map<string, Promise<KeptRecording>>();

/**
 * Makes an ended session's recording evidence of its ticket, once, whoever asks and however often. Only when
 * the event is in the journal the host is told that the recording is claimed, so none is lost in between.
 * @throws HostError when the journal or the host fails; asking again is safe.
 */
export function keepRecording(desk: Desk, session: SessionFacts): Promise<KeptRecording> {
  const { sessionId } = session;
  const running = underWay.get(sessionId);
  if (running !== undefined) return running;
  const keeping = attach(desk, session).finally(() => underWay.delete(sessionId));
  underWay.set(sessionId, keeping);
  return keeping;
}

async function attach(desk: Desk, session: SessionFacts): Promise<KeptRecording> {
  const { recording, connection, sessionId } = session;
  if (recording === undefined) {
    await desk.host.ssh.claimRecording({ sessionId });
    return { kind: 'none' };
  }
  const { sha256, size, durationMs, complete } = recording;
  const row = await desk.store.row({ key: `ticket/${session.ticketId}` });
  const ticket = row?.state as TicketState | undefined;
  const isAttached =
    ticket?.evidence.some(({ data }) => data.sha256 === sha256 && data.kind === 'recording') === true;
  if (!isAttached) {
    const clockOffsetMs = clockOffsets.get(sessionId);
    const decision = await actOnTicket(desk, session.ticketId, {
      do: 'attach',
      data: {
        kind: 'recording',
        name: recordingName(session),
        sha256,
        size,
        mediaType: 'application/x-asciicast',
        source: {
          host: `${connection.host}:${connection.port}`,
          hostKeyFingerprint: connection.hostKey.fingerprint,
          durationMs,
          ...(clockOffsetMs !== undefined && { clockOffsetMs }),
        },
      },
    });
    if (!decision.ok) return { kind: 'refused', refusal: decision.refusal };
  }
  await desk.host.ssh.claimRecording({ sessionId });
  return { kind: 'attached', sha256, size, durationMs, complete };
}

/** A file name that sorts by host and time: `10.8.2.21 2026-05-04T08-33-10.cast`. */
function recordingName({ connection, startedAt }: SessionFacts): string {
  return `${connection.host} ${startedAt.slice(0, 19).replaceAll(':', '-')}.cast`;
}
