import { ruleOf } from './faults.ts';
import type { Script, Turn } from './script.ts';

/** The first fault of a run of this script, if it has one. */
export type Play = (script: Script) => Promise<string | undefined>;

export interface Shrunk {
  readonly script: Script;
  readonly fault: string;
  readonly runs: number;
}

/**
 * Makes a failing script small: fewer turns, fewer laptops, and turns whose network does not fail. What it keeps
 * breaks the same rule. @param maxRuns it gives up after so many, with the smallest found by then.
 * @returns `undefined` when the script does not fail.
 */
export async function shrink(script: Script, play: Play, maxRuns = 400): Promise<Shrunk | undefined> {
  const first = await play(script);
  if (first === undefined) return undefined;
  const rule = ruleOf(first);
  let best = script;
  let fault = first;
  let runs = 1;
  /** Takes a smaller script in place of the best one if it fails in the same way. */
  const tries = async (smaller: Script): Promise<boolean> => {
    if (runs >= maxRuns) return false;
    runs++;
    const found = await play(smaller);
    if (found === undefined || ruleOf(found) !== rule) return false;
    best = smaller;
    fault = found;
    return true;
  };
  const triesTurns = (turns: readonly Turn[]): Promise<boolean> => tries({ ...best, turns });

  let before: number;
  do {
    before = best.turns.length;
    await dropTurns(() => best.turns, triesTurns);
    while (best.clients > 1) {
      const clients = best.clients - 1;
      const turns = best.turns.filter(({ who }) => who < clients);
      if (!(await tries({ ...best, clients, turns }))) break;
    }
  } while (best.turns.length < before && runs < maxRuns);
  for (const [place, turn] of best.turns.entries()) {
    if (turn.calm !== true) await triesTurns(best.turns.with(place, { ...turn, calm: true }));
  }
  return { script: best, fault, runs };
}

/** Leaves out ever smaller runs of turns, from the end on, as long as the script still fails. */
async function dropTurns(
  turns: () => readonly Turn[],
  tries: (turns: readonly Turn[]) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(turns().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let end = turns().length; end > 0; end -= size) {
      const from = Math.max(0, end - size);
      await tries([...turns().slice(0, from), ...turns().slice(end)]);
    }
  }
}
