import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal, type ILink } from '@xterm/xterm';
import { findLinks, safeUrl, type Cell } from './find-links.ts';
import { setRowStylesAsProperties, withStyleNonce } from './style-nonce.ts';
import { TERMINAL_FONT, terminalTheme } from './terminal-theme.ts';

const SCROLLBACK_LINES = 20_000;

export interface TerminalLook {
  readonly renderer: 'auto' | 'dom';
  readonly screenReader: boolean;
  readonly fontSize: number;
}

export interface TerminalViewOptions extends TerminalLook {
  /** Replays are looked at, not typed into. */
  readonly isReadOnly?: boolean;
  /** A link was clicked with Ctrl (Cmd on a Mac) held; the address is http or https. */
  readonly onLink: (url: string) => void;
}

/** An xterm.js terminal in an element of the page, set up the way we want every one of them. */
export class TerminalView {
  readonly term: Terminal;
  readonly search = new SearchAddon({ highlightLimit: 500 });
  readonly #fit = new FitAddon();
  /** Ends the wait of each write under way. */
  readonly #writing = new Set<() => void>();
  #isDisposed = false;
  #webgl: WebglAddon | undefined;

  constructor(element: HTMLElement, options: TerminalViewOptions) {
    const follow = (event: MouseEvent, text: string): void => {
      const url = safeUrl(text);
      if (url !== undefined && (event.ctrlKey || event.metaKey)) options.onLink(url);
    };
    this.term = new Terminal({
      // The search decorations and the width tables are behind this flag.
      allowProposedApi: true,
      theme: terminalTheme(),
      fontFamily: TERMINAL_FONT,
      fontSize: options.fontSize,
      lineHeight: 1.2,
      scrollback: SCROLLBACK_LINES,
      minimumContrastRatio: 7,
      screenReaderMode: options.screenReader,
      disableStdin: options.isReadOnly === true,
      cursorBlink: false,
      // Nothing a device sends may move, resize or read the window: every answer of xterm stays off.
      windowOptions: {},
      linkHandler: { activate: (event, text) => follow(event, text), allowNonHttpProtocols: false },
    });
    this.term.loadAddon(this.#fit);
    this.term.loadAddon(this.search);
    this.term.loadAddon(new UnicodeGraphemesAddon());
    this.term.registerLinkProvider({
      provideLinks: (row, answer) => answer(linksInRow(this.term, row, follow)),
    });
    withStyleNonce(() => this.term.open(element));
    setRowStylesAsProperties(this.term);
    this.setRenderer(options.renderer);
  }

  /** Draws with the graphics card where there is a real one, else with page elements. */
  setRenderer(renderer: TerminalLook['renderer']): void {
    if (renderer === 'dom') {
      this.#dropWebgl();
      return;
    }
    if (this.#webgl !== undefined || !hasGraphicsCard()) return;
    const webgl = new WebglAddon();
    // The driver was restarted or the tab lost its turn: page elements draw from here on.
    webgl.onContextLoss(() => this.#dropWebgl());
    try {
      withStyleNonce(() => this.term.loadAddon(webgl));
      this.#webgl = webgl;
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown;
      withStyleNonce(() => webgl.dispose());
    }
  }

  setLook({ renderer, screenReader, fontSize }: TerminalLook): void {
    this.term.options.screenReaderMode = screenReader;
    this.term.options.fontSize = fontSize;
    this.setRenderer(renderer);
  }

  /** A session that is over is only read. */
  setReadOnly(isReadOnly: boolean): void {
    this.term.options.disableStdin = isReadOnly;
  }

  /** Takes the colours of the page's present theme. */
  setTheme(): void {
    this.term.options.theme = terminalTheme();
  }

  /** Fills the element. The new size when it changed, `undefined` while the element is hidden. */
  fit(): { cols: number; rows: number } | undefined {
    const size = this.#fit.proposeDimensions();
    if (size === undefined || !Number.isFinite(size.cols) || !Number.isFinite(size.rows)) return undefined;
    if (size.cols < 2 || size.rows < 1 || this.term.element?.offsetParent === null) return undefined;
    if (size.cols === this.term.cols && size.rows === this.term.rows) return undefined;
    this.term.resize(size.cols, size.rows);
    return { cols: size.cols, rows: size.rows };
  }

  /** Resolves when the data are in the screen: only then more may come. Or when the screen is gone. */
  write(data: Uint8Array | string): Promise<void> {
    if (this.#isDisposed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#writing.delete(done);
        resolve();
      };
      this.#writing.add(done);
      this.term.write(data, done);
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const done of this.#writing) done();
    withStyleNonce(() => this.term.dispose());
  }

  #dropWebgl(): void {
    const webgl = this.#webgl;
    this.#webgl = undefined;
    if (webgl !== undefined) withStyleNonce(() => webgl.dispose());
  }
}

/** WebGL that the processor draws is slower than page elements, so it does not count as a graphics card. */
function hasGraphicsCard(): boolean {
  const context = document
    .createElement('canvas')
    .getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const named = context.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = context.getParameter(named?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(String(name));
}

/** Web addresses of the logical line that a row of the screen is part of. Rows count from 1, as in xterm. */
function linksInRow(
  term: Terminal,
  row: number,
  activate: (event: MouseEvent, text: string) => void,
): ILink[] | undefined {
  const buffer = term.buffer.active;
  let first = row - 1;
  while (first > 0 && buffer.getLine(first)?.isWrapped === true) first -= 1;
  const cells: Cell[] = [];
  for (let y = first; y === first || buffer.getLine(y)?.isWrapped === true; y += 1) {
    const line = buffer.getLine(y);
    if (line === undefined || y - first > 20) break;
    for (let x = 0; x < term.cols; x += 1) {
      const cell = line.getCell(x);
      cells.push({ chars: cell?.getChars() ?? '', width: cell?.getWidth() ?? 1 });
    }
  }
  const at = (column: number): { x: number; y: number } => ({
    x: (column % term.cols) + 1,
    y: first + 1 + Math.floor(column / term.cols),
  });
  const links = findLinks(cells).map(({ url, from, to }) => ({
    text: url,
    range: { start: at(from), end: at(to - 1) },
    activate,
  }));
  return links.length === 0 ? undefined : links;
}
