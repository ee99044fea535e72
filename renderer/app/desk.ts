import { createContext, use } from 'react';
import { mayRead, refusalOf } from '#shared/domain/rights/rights.ts';
import type { Subject } from '#shared/domain/rights/subject.ts';
import type { DecideContext, Decision } from '#shared/domain/refusal.ts';
import type { AppInfo, Workspace } from '#shared/host/app.ts';
import type { EventDraft } from '#shared/events/envelope.ts';
import { errorCode } from '#shared/host/errors.ts';
import { uuidV7 } from '#shared/events/uuid.ts';
import type { StoreClient } from '../db/open-store.ts';
import { presentInstant } from '../components/present-time.ts';
import type { HostClient } from '../host/connect.ts';

/** What every screen works with: the host, the store, and who works here. */
export interface Desk {
  readonly host: HostClient;
  readonly store: StoreClient;
  readonly info: AppInfo;
  readonly workspace: Workspace;
}

export const DeskContext = createContext<Desk | undefined>(undefined);

/** The desk of the open workspace. */
export function useDesk(): Desk {
  const desk = use(DeskContext);
  if (desk === undefined) throw new Error('useDesk is for screens inside an open workspace.');
  return desk;
}

/** A fresh UUIDv7. */
export function newId(): string {
  return uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}

/** What a decision made at this desk, now, needs to know. */
export function decideContext(desk: Desk): DecideContext {
  return {
    actor: desk.workspace.userId,
    roles: desk.workspace.roles,
    scope: `region/${desk.workspace.homeRegion}`,
    now: presentInstant(),
    newId,
  };
}

/**
 * Writes what was decided: to the journal first, where it is safe, then into
 * the store. Resolves when the screen may say "saved".
 * @throws HostError if the journal could not write (nothing was saved then).
 */
export async function save(desk: Desk, drafts: readonly EventDraft[]): Promise<void> {
  if (drafts.length === 0) return;
  const { events } = await desk.host.journal.append({ drafts: [...drafts] });
  try {
    await desk.store.applyLocal({ events });
  } catch (thrown) {
    // It is saved, and must not be entered again: the store reads it from the journal, at once or when there is room.
    if (errorCode(thrown) !== 'store.lost') reportError(thrown);
  }
}

/**
 * Decides and saves; a refusal is handed back for the screen to explain. What the server would refuse for want of a right is
 * said here and now, by the same table, instead of days later in "Unsynced".
 */
export async function saveDecision(desk: Desk, decision: Decision): Promise<Decision> {
  if (!decision.ok) return decision;
  const subject = subjectOf(desk.workspace);
  for (const { scope, type } of decision.drafts) {
    // A stream of a scope that is not the user's is on this laptop because it is shared with him.
    const shared = !mayRead(subject, scope);
    const refusal = refusalOf(subject, scope, type, { shared });
    if (refusal !== undefined) return { ok: false, refusal };
  }
  await save(desk, decision.drafts);
  return decision;
}

/** Who works here, as the table of rights sees him. */
export function subjectOf({ userId, roles, homeRegion, regions }: Workspace): Subject {
  return { id: userId, roles, homeRegion, regions: [homeRegion, ...(regions ?? [])] };
}
