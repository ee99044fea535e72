import { Random } from './random.ts';

/**
 * How often what happens to the laptop whose turn it is. A turn that only the office or the server can take
 * names a laptop as well: it decides whom it meets.
 */
export const TURNS = {
  act: 90,
  push: 30,
  pull: 30,
  crash: 4,
  crashSoon: 14,
  setClock: 3,
  line: 8,
  disk: 4,
  databaseDies: 5,
  serverRestarts: 2,
  mayForget: 2,
  backup: 2,
  restore: 1,
  region: 4,
  decide: 2,
  version: 3,
  compact: 4,
} as const;
export type TurnKind = keyof typeof TURNS;

/** One turn. Whatever is drawn in it hangs on `n` alone: leaving out another turn does not change what it draws. */
export interface Turn {
  readonly n: number;
  /** True time that passes before it. */
  readonly ms: number;
  /** Place of the laptop. */
  readonly who: number;
  readonly what: TurnKind;
  /** The network carries everything at once while this turn lasts. */
  readonly calm?: true;
}

/** All that a run hangs on: the same script is the same run. */
export interface Script {
  readonly seed: number;
  readonly clients: number;
  readonly turns: readonly Turn[];
}

const MINUTE_MS = 60_000;

/** Draws what will happen: the details are drawn when it does. */
export function drawScript(seed: number, clients: number, steps: number): Script {
  const random = new Random(`seed ${seed}/script`);
  const turns = Array.from({ length: steps }, (_, step) => ({
    n: step + 1,
    ms: Math.round(random.between(1_000, 20 * MINUTE_MS)),
    who: random.int(clients),
    what: random.weighted(TURNS),
  }));
  return { seed, clients, turns };
}
