import { notifications } from '@mantine/notifications';
import { errorCode } from '#shared/host/errors.ts';
import { explainError } from './explain.ts';

/** A host that is gone, and a workspace that was wiped while it was read, say so by themselves, over everything. */
const TOLD_ELSEWHERE: ReadonlySet<string | undefined> = new Set(['host.unavailable', 'app.noWorkspace']);

/** Shows what went wrong, unless it says so by itself. */
export function tellTrouble(thrown: unknown): void {
  if (TOLD_ELSEWHERE.has(errorCode(thrown))) return;
  notifications.show({ color: 'red', message: explainError(thrown) });
}
