import { create } from 'zustand';
import { persist } from 'zustand/middleware';

interface TerminalSettings {
  /** `auto`: the graphics card where it works, else page elements. */
  readonly renderer: 'auto' | 'dom';
  /** Repeats the screen as text for screen readers; costs speed, so it is off until asked for. */
  readonly screenReader: boolean;
  readonly fontSize: number;
  /** The tab whose search bar is open. */
  readonly searchTabId: string | undefined;
  readonly set: (
    patch: Partial<Pick<TerminalSettings, 'renderer' | 'screenReader' | 'fontSize' | 'searchTabId'>>,
  ) => void;
}

export const FONT_SIZES = [11, 12, 13, 14, 16, 18, 22] as const;

/** How terminals look on this computer. Nothing in here is a fact; all of it may be lost. */
export const useTerminalSettings = create<TerminalSettings>()(
  persist(
    (set) => ({
      renderer: 'auto',
      screenReader: false,
      fontSize: 13,
      searchTabId: undefined,
      set: (patch) => set(patch),
    }),
    {
      name: 'faultline-terminal',
      partialize: ({ renderer, screenReader, fontSize }) => ({ renderer, screenReader, fontSize }),
    },
  ),
);
