import type { Desk } from './desk.ts';
import type { ViewState } from '../stores/view.ts';
import type { TicketState } from '#shared/domain/ticket/state.ts';

/** What a command may look at when it says whether it is possible, and when it runs. */
export interface CommandContext {
  readonly desk: Desk;
  readonly view: ViewState;
  /** The selected ticket, if one is. */
  readonly ticket: TicketState | undefined;
}

/**
 * Something a person can do. The palette, the keys, the native menu and the
 * help page are all made from the one list of commands.
 */
export interface Command {
  /** `<area>.<act>`; also what the native menu sends. */
  readonly id: string;
  /** Key of its title in the texts. */
  readonly title: string;
  /** As in `mod+k`, `g t`, `?`: `mod` is Ctrl, or Cmd on a Mac. */
  readonly keys?: string;
  readonly when?: (context: CommandContext) => boolean;
  readonly run: (context: CommandContext) => void | Promise<void>;
}

/** Whether a key event is the one a command names. Sequences (`g t`) are handled by the listener. */
export function matchesKey(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const wants = (name: string): boolean => parts.includes(name);
  const isMac = navigator.platform.startsWith('Mac');
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const isChar = key.length === 1 && !/[a-z0-9]/.test(key);
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    mod === wants('mod') &&
    event.altKey === wants('alt') &&
    // A character such as `?` already says which shift it needs.
    (isChar || event.shiftKey === wants('shift'))
  );
}

/** How keys are shown to people. */
export function keyLabel(keys: string): string {
  const isMac = navigator.platform.startsWith('Mac');
  return keys
    .split(' ')
    .map((chord) =>
      chord
        .split('+')
        .map((part) =>
          part === 'mod'
            ? isMac
              ? '⌘'
              : 'Ctrl'
            : part === 'enter'
              ? '↵'
              : part.length === 1
                ? part.toUpperCase()
                : part.charAt(0).toUpperCase() + part.slice(1),
        )
        .join(' '),
    )
    .join(' · ');
}
