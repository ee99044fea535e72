import { ipcRenderer } from 'electron';
import {
  APP_ORIGIN,
  LISTENING_MESSAGE,
  PAGE_CHANNEL,
  PORT_MESSAGE,
  SHELL_MESSAGE,
} from '#shared/host/shell-messages.ts';

/**
 * Everything the page gets from Electron: messages on its own window, with our
 * exact origin. It exposes nothing, so there is nothing for a page to call.
 */
ipcRenderer.on(PORT_MESSAGE, (event) => window.postMessage(PORT_MESSAGE, APP_ORIGIN, [...event.ports]));
ipcRenderer.on(SHELL_MESSAGE, (_event, message: unknown) =>
  window.postMessage({ type: SHELL_MESSAGE, message }, APP_ORIGIN),
);
window.addEventListener('message', ({ data, source, currentTarget }) => {
  if (data === LISTENING_MESSAGE && source === currentTarget) ipcRenderer.send(PAGE_CHANNEL, 'listening');
});

// By now the page's module scripts have run, so somebody waits for the port.
window.addEventListener('DOMContentLoaded', () => ipcRenderer.send(PAGE_CHANNEL, 'port'));
