import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createDiagnostics } from './diagnostics.ts';
import { createPageMessages } from './page-messages.ts';
import { openWindow, watchDeaths } from './window.ts';

class Window extends EventEmitter {
  readonly did: string[] = [];
  readonly webContents = { id: 1 };
  loadURL(address: string) {
    this.did.push(`load ${address}`);
    return Promise.resolve();
  }
  show() {
    this.did.push('show');
  }
  focus() {
    this.did.push('focus');
  }
  restore() {
    this.did.push('restore');
  }
  isMinimized() {
    return true;
  }
}

function opened() {
  const app = new EventEmitter();
  const main = openWindow(Window as never, {});
  const window = main.window as unknown as Window;
  let clock = 0;
  const diagnostics = createDiagnostics({}, () => 'T');
  watchDeaths(app as never, {
    main: () => main,
    messages: createPageMessages(() => undefined),
    diagnostics,
    now: () => clock,
  });
  const dies = (reason: string, id = 1) =>
    app.emit('render-process-gone', {}, { id }, { reason, exitCode: 5 });
  return { app, main, window, dies, diagnostics, wait: (ms: number) => (clock += ms) };
}

const RECOVERY = 'load app://faultline/recovery.html?reason=rendererGone';

describe('the window', () => {
  it('loads the page at once and shows when it has painted', async () => {
    const { main, window } = opened();
    expect(window.did).toEqual(['load app://faultline/index.html']);
    window.emit('ready-to-show');
    await main.shown;
    expect(window.did.at(-1)).toBe('show');
  });

  it('comes to the front even when minimised', () => {
    const { main, window } = opened();
    main.bringUp();
    expect(window.did.slice(1)).toEqual(['restore', 'show', 'focus']);
  });

  it('shows the recovery page when its process dies, and notes why', () => {
    const { window, dies, diagnostics } = opened();
    dies('oom');
    expect(window.did.at(-1)).toBe(RECOVERY);
    expect(diagnostics.text()).toContain('window process gone: oom, exit code 5');
  });

  it('does not take an ordered end or another page for a death', () => {
    const { window, dies } = opened();
    dies('clean-exit');
    dies('crashed', 2);
    expect(window.did).toEqual(['load app://faultline/index.html']);
  });

  it('gives up after three deaths within a minute', () => {
    const { window, dies, wait } = opened();
    for (let i = 0; i < 5; i++) dies('crashed');
    expect(window.did.filter((what) => what === RECOVERY).length).toBe(3);
    wait(61_000);
    dies('crashed');
    expect(window.did.filter((what) => what === RECOVERY).length).toBe(4);
  });
});
