import { pack, unpack } from './ports.ts';

/**
 * Runs in the page, in the preload's own world. A port of the main process
 * becomes a MessageChannel here: one end goes to the preload, the other is
 * pumped as JSON over the binding `__standin`.
 */
function preloadWorld(origin: string): object {
  type Listener = (event: { ports: MessagePort[] }, ...rest: unknown[]) => void;
  const say = (what: object): void =>
    (globalThis as never as { __standin(text: string): void }).__standin(JSON.stringify(what, pack));
  const ports = new Map<number, MessagePort>();
  const listeners = new Map<string, Listener>();
  const adopt = (id: number): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', ({ data }) => say({ t: 'port', id, data }));
    port1.addEventListener('close', () => say({ t: 'close', id }));
    port1.start();
    ports.set(id, port1);
    return port2;
  };
  const deliver = (text: string): void => {
    const what = JSON.parse(text, unpack);
    if (what.t === 'port') ports.get(what.id)?.postMessage(what.data);
    if (what.t === 'close') ports.get(what.id)?.close();
    if (what.t === 'event') listeners.get(what.channel)?.({ ports: what.ports.map(adopt) }, ...what.args);
  };
  Object.assign(globalThis, { __deliver: deliver });
  document.addEventListener('standin:open', (event) =>
    say({ t: 'open', url: (event as CustomEvent).detail }),
  );
  const ipcRenderer = {
    on: (channel: string, listener: Listener) => void listeners.set(channel, listener),
    send: (channel: string, ...args: unknown[]) => say({ t: 'send', channel, args }),
  };
  const page = {
    addEventListener: window.addEventListener.bind(window),
    postMessage: (message: unknown, target: string, transfer: MessagePort[] = []) =>
      window.postMessage(message, target === origin ? location.origin : target, transfer),
  };
  return { require: () => ({ ipcRenderer }), window: page };
}

/** The preload as a script for its world. It sees these two names of Electron's and none of Node's. */
export function preloadScript(preload: string, origin: string): string {
  return `if (window === window.top) { ${pack}; ${unpack};
    const { require, window: page } = (${preloadWorld})(${JSON.stringify(origin)});
    ((require, window) => { ${preload} })(require, page); }`;
}

/** For the page's own world: there are no second windows, so `window.open` only tells of itself. */
export const PAGE_SCRIPT = `window.open = (url) => {
  document.dispatchEvent(new CustomEvent('standin:open', { detail: new URL(url, location.href).href })); return null; }`;
