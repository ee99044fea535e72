import { notifications } from '@mantine/notifications';
import { errorCode } from '#shared/host/errors.ts';
import { explainError } from './explain.ts';

/** Shows what went wrong. A host that is gone says so by itself, over everything. */
export function tellTrouble(thrown: unknown): void {
  if (errorCode(thrown) === 'host.unavailable') return;
  notifications.show({ color: 'red', message: explainError(thrown) });
}
