import type { ITheme } from '@xterm/xterm';

/**
 * Colours of the terminal, dark in both themes as in the design. Every one of the sixteen reads against
 * the background with 7:1 or better, except black, which devices use as a background.
 */
const COLOURS: ITheme = {
  black: '#3a3f44',
  red: '#ff8a7d',
  green: '#7fd6a0',
  yellow: '#eab558',
  blue: '#8fb0ff',
  magenta: '#dda0f5',
  cyan: '#74d0dd',
  white: '#d8dad7',
  brightBlack: '#a3a8ac',
  brightRed: '#ffab9f',
  brightGreen: '#a3e6bc',
  brightYellow: '#f5cd83',
  brightBlue: '#b4caff',
  brightMagenta: '#ebc2fb',
  brightCyan: '#9fe4ee',
  brightWhite: '#ffffff',
};

/** The theme with background and text from the page's tokens. */
export function terminalTheme(): ITheme {
  const tokens = getComputedStyle(document.documentElement);
  const token = (name: string, otherwise: string): string =>
    tokens.getPropertyValue(name).trim() || otherwise;
  const background = token('--term', '#16181b');
  const foreground = token('--term-ink', '#d8dad7');
  return {
    ...COLOURS,
    background,
    foreground,
    cursor: foreground,
    cursorAccent: background,
    selectionBackground: '#3d5a99',
    selectionForeground: '#ffffff',
    selectionInactiveBackground: '#34415e',
    scrollbarSliderBackground: '#ffffff26',
    scrollbarSliderHoverBackground: '#ffffff40',
    scrollbarSliderActiveBackground: '#ffffff59',
  };
}

/** Latin from JetBrains Mono, Chinese from a face exactly twice as wide. */
export const TERMINAL_FONT =
  "'JetBrains Mono', 'Noto Sans Mono CJK SC', 'Sarasa Mono SC', 'Noto Sans Mono', monospace";
