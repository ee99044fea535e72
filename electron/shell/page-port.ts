import type { IpcMain, IpcMainEvent, MessageChannelMain } from 'electron';
import type { Transport } from '#shared/host/messages.ts';
import { PAGE_CHANNEL, PORT_MESSAGE } from '#shared/host/shell-messages.ts';
import { isAppUrl } from './addresses.ts';
import { portTransport } from './port-transport.ts';

export interface PagePortOptions {
  readonly ipcMain: Pick<IpcMain, 'on'>;
  readonly newChannel: () => MessageChannelMain;
  /** Whether the web contents with this id show one of our windows. */
  readonly isKnown: (webContentsId: number) => boolean;
  /** Gets the host's end of each hand-over. */
  readonly onConnected: (transport: Transport, webContentsId: number) => void;
  /** The page can be sent messages now. */
  readonly onListening: () => void;
  readonly onRefused: (reason: string) => void;
}

type Asking = Pick<IpcMainEvent, 'sender' | 'senderFrame'>;

/** Why a request for the port is refused, `undefined` when it is in order. */
export function refusalOf(event: Asking, isKnown: (webContentsId: number) => boolean): string | undefined {
  const frame = event.senderFrame;
  if (frame === null) return 'the frame is gone';
  if (frame.parent !== null) return 'a frame inside the page';
  if (!isAppUrl(frame.url)) return 'another origin';
  if (!isKnown(event.sender.id)) return 'no window of ours';
  return undefined;
}

/**
 * The one thing the main process listens for. Each load of the page gets a
 * fresh port, and the one of the load before is closed: the host then ends
 * what the old page had under way.
 */
export function handOverPorts(options: PagePortOptions): void {
  const open = new Map<number, Transport>();
  options.ipcMain.on(PAGE_CHANNEL, (event, word: unknown) => {
    const refusal = refusalOf(event, options.isKnown);
    if (refusal !== undefined) {
      options.onRefused(refusal);
      return;
    }
    if (word === 'listening') options.onListening();
    if (word !== 'port') return;
    const { id } = event.sender;
    open.get(id)?.close();
    const { port1, port2 } = options.newChannel();
    const transport = portTransport(port1);
    open.set(id, transport);
    event.senderFrame?.postMessage(PORT_MESSAGE, null, [port2]);
    options.onConnected(transport, id);
  });
}
