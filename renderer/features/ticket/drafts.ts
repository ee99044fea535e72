import { create } from 'zustand';
import type { Values } from './act-specs.ts';

interface Drafts {
  readonly byKey: Readonly<Record<string, Values>>;
  readonly keep: (key: string, values: Values) => void;
  readonly drop: (key: string) => void;
}

/** What was typed and not saved: it outlives the form it was typed into, and ends with the window. */
export const useDrafts = create<Drafts>((set) => ({
  byKey: {},
  keep: (key, values) => set((state) => ({ byKey: { ...state.byKey, [key]: values } })),
  drop: (key) =>
    set((state) => ({
      byKey: Object.fromEntries(Object.entries(state.byKey).filter(([held]) => held !== key)),
    })),
}));
