import { useEffect, useRef } from 'react';
import { LISTENING_MESSAGE, SHELL_MESSAGE, type ShellMessage } from '#shared/host/shell-messages.ts';
import type { Command, CommandContext } from './commands.ts';

/** Runs what the native menu sends, and opens what a link names. In a browser nothing is ever sent. */
export function useShellMessages(commands: readonly Command[], context: CommandContext): void {
  const latest = useRef(context);
  useEffect(() => {
    latest.current = context;
  });
  useEffect(() => {
    const onMessage = (event: MessageEvent<unknown>): void => {
      if (event.source !== window || event.origin !== window.location.origin) return;
      const message = shellMessageOf(event.data);
      if (message?.t === 'command') {
        const command = commands.find(({ id }) => id === message.id);
        if (command !== undefined && (command.when === undefined || command.when(latest.current)))
          void command.run(latest.current);
      } else if (message?.t === 'open' && message.link.place === 'ticket') {
        latest.current.view.select(undefined);
        latest.current.view.go('tickets');
        latest.current.view.set({ search: message.link.id, queueView: 'all' });
      }
    };
    window.addEventListener('message', onMessage);
    window.postMessage(LISTENING_MESSAGE, window.location.origin);
    return () => window.removeEventListener('message', onMessage);
  }, [commands]);
}

function shellMessageOf(data: unknown): ShellMessage | undefined {
  if (typeof data !== 'object' || data === null || !('type' in data) || data.type !== SHELL_MESSAGE)
    return undefined;
  return (data as { message?: ShellMessage }).message;
}
