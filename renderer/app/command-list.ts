import { documentCommands } from '../features/document/commands.ts';
import { logCommands } from '../features/log/commands.ts';
import { partCommands } from '../features/part/commands.ts';
import { terminalCommands } from '../features/terminal/commands.ts';
import { ticketCommands } from '../features/ticket/commands.ts';
import type { Command } from './commands.ts';
import { frameCommands } from './frame-commands.ts';

/** Every command there is: the palette, the keys, the native menu and the help page are made from this list. */
export const commands: readonly Command[] = [
  ...frameCommands,
  ...ticketCommands,
  ...terminalCommands,
  ...logCommands,
  ...partCommands,
  ...documentCommands,
];
