import type { HostHandlers } from '#shared/host/contract.ts';
import type { Access } from './access.ts';

/** What a locked laptop answers: what the lock screen itself needs. */
const OPEN_WHILE_LOCKED: ReadonlySet<string> = new Set([
  'app.info',
  'app.watch',
  'app.unlock',
  'app.setSettings',
  'app.mark',
  'app.marks',
  'vault.state',
  'vault.unlock',
]);

type AnyHandler = (input: unknown, context: { signal: AbortSignal }) => unknown;

/** The same handlers, which answer `app.locked` while the laptop is. Streams that run already go on behind the lock screen. */
export function gateHandlers(handlers: HostHandlers, access: Access): HostHandlers {
  const gated = Object.entries(handlers).map(([service, methods]) => [
    service,
    Object.fromEntries(
      Object.entries(methods as Record<string, AnyHandler>).map(([name, handler]) => [
        name,
        OPEN_WHILE_LOCKED.has(`${service}.${name}`) ? handler : behind(access, handler),
      ]),
    ),
  ]);
  return Object.fromEntries(gated) as HostHandlers;
}

function behind(access: Access, handler: AnyHandler): AnyHandler {
  return (input, context) => {
    access.demandOpen();
    return handler(input, context);
  };
}
