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
  bundle: 6,
  clone: 1.5,
  revoke: 1.5,
  purge: 1.5,
  away: 0.5,
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
/** True time between two turns: from a moment, in which answers are still under way, to a night. */
const PAUSES = {
  short: { from: 1_000, to: 20_000 },
  long: { from: MINUTE_MS, to: 20 * MINUTE_MS },
  night: { from: 60 * MINUTE_MS, to: 10 * 60 * MINUTE_MS },
} as const;

function drawPause(random: Random): number {
  const { from, to } = PAUSES[random.weighted({ short: 70, long: 25, night: 5 })];
  return Math.round(random.between(from, to));
}

/** Draws what will happen: the details are drawn when it does. */
export function drawScript(seed: number, clients: number, steps: number): Script {
  const random = new Random(`seed ${seed}/script`);
  const turns = Array.from({ length: steps }, (_, step) => ({
    n: step + 1,
    ms: drawPause(random),
    who: random.int(clients),
    what: random.weighted(TURNS),
  }));
  return { seed, clients, turns };
}
