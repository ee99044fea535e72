import { useEffect, useRef } from 'react';
import { matchesKey, type Command, type CommandContext } from './commands.ts';

/** How long the first key of a sequence (`g t`) waits for the second. */
const SEQUENCE_MS = 1200;

/**
 * Runs commands from the keyboard. Keys without a modifier act only where
 * nobody types: not in fields, terminals and open dialogs.
 */
export function useCommandKeys(commands: readonly Command[], context: CommandContext): void {
  const latest = useRef(context);
  useEffect(() => {
    latest.current = context;
  });
  useEffect(() => {
    let first: { key: string; at: number } | undefined;
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const typing = isTyping(event.target);
      const isDialogOpen = latest.current.view.dialog !== undefined;
      for (const command of commands) {
        if (command.keys === undefined) continue;
        const hasModifier = command.keys.includes('mod+') || command.keys.includes('alt+');
        if (!hasModifier && (typing || isDialogOpen)) continue;
        // With a dialog open its own form has the keys; only the palette may still come up.
        if (hasModifier && isDialogOpen && command.id !== 'app.palette') continue;
        if (hasModifier && isInTerminal(event.target) && !command.keys.includes('shift')) continue;
        if (!isPressed(command.keys, event, first)) continue;
        if (command.when !== undefined && !command.when(latest.current)) continue;
        event.preventDefault();
        first = undefined;
        void command.run(latest.current);
        return;
      }
      first = typing ? undefined : { key: event.key.toLowerCase(), at: performance.now() };
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [commands]);
}

function isPressed(
  keys: string,
  event: KeyboardEvent,
  first: { key: string; at: number } | undefined,
): boolean {
  const [lead, second] = keys.split(' ');
  if (second === undefined) return matchesKey(event, keys);
  return (
    first !== undefined &&
    first.key === lead &&
    performance.now() - first.at < SEQUENCE_MS &&
    matchesKey(event, second)
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
      isInTerminal(target))
  );
}

/** A terminal takes every key but those with Shift and a modifier: Ctrl+K and Ctrl+B are the remote shell's. */
function isInTerminal(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('.xterm') !== null;
}
