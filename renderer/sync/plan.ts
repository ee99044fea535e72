import type { Mismatch } from '../db/position.ts';
import type { PullOutcome } from '../db/store.ts';

/** One step of catching up. */
export type Move =
  /** Fetches every scope that is not here yet, the home screen's first. */
  | { readonly do: 'bootstrap' }
  /** Fetches one scope anew by segments. `mismatch`: its checksum differed, and the server is told. */
  | { readonly do: 'fetchScope'; readonly scope: string; readonly mismatch?: Mismatch }
  | { readonly do: 'pull' }
  /** Reads the journal again: facts in it belong to something that is visible again. */
  | { readonly do: 'replay' }
  /** Fetches the facts of rows that late facts sort into. */
  | { readonly do: 'complete' }
  | { readonly do: 'compact' }
  | { readonly do: 'rest' };

export type Outcome =
  | { readonly k: 'began' }
  | { readonly k: 'done' }
  | { readonly k: 'pulled'; readonly more: boolean; readonly pull: PullOutcome }
  /** The answer had no end: nothing of it was applied. */
  | { readonly k: 'cutOff' }
  | { readonly k: 'otherEpoch' }
  /** A page that was staged is not there or does not open. */
  | { readonly k: 'pagesGone' }
  /** The store was taken away meanwhile; whoever noticed refills it. */
  | { readonly k: 'storeLost' }
  | { readonly k: 'failed' };

/** How a scope was repaired before: it must not be fetched over and over when that does not help. */
export interface Patience {
  readonly times: number;
  /** Turns to let pass before the next repair. */
  readonly turnsLeft: number;
}

/** What catching up remembers from turn to turn. */
export type Repairs = Readonly<Record<string, Patience>>;

export interface Turn {
  readonly repairs: Repairs;
  /** Scopes fetched in this turn, whatever the reason. */
  readonly fetched: readonly string[];
  readonly bootstraps: number;
  readonly waiting: readonly Move[];
  /** The last pull did not bring everything. */
  readonly more: boolean;
  readonly last: Move['do'] | undefined;
}

/** What of the position the plan looks at. */
export interface Standing {
  readonly isBootstrapped: boolean;
  readonly damaged: readonly string[];
}

/** A turn may begin to bootstrap so often: a server that changes its history each time is left alone until the next one. */
const BOOTSTRAPS_A_TURN = 3;
const MOST_TURNS_TO_WAIT = 64;

/** Each turn brings the next repair of a scope that could not be repaired a little nearer. */
export function beginTurn(repairs: Repairs): Turn {
  const waiting = Object.entries(repairs).map(([scope, { times, turnsLeft }]) => [
    scope,
    { times, turnsLeft: Math.max(0, turnsLeft - 1) },
  ]);
  return {
    repairs: Object.fromEntries(waiting) as Repairs,
    fetched: [],
    bootstraps: 0,
    waiting: [],
    more: true,
    last: undefined,
  };
}

/**
 * Decides what comes next. Pure: the loop in engine.ts does what it says and tells how it went.
 * Ends in `rest` in a bounded number of steps as long as the server's answers end.
 */
export function nextMove(turn: Turn, standing: Standing, outcome: Outcome): { move: Move; turn: Turn } {
  if (outcome.k === 'cutOff' || outcome.k === 'storeLost' || outcome.k === 'failed') return rest(turn);
  const isStartingOver = outcome.k === 'otherEpoch' || outcome.k === 'pagesGone';
  if (isStartingOver || !standing.isBootstrapped) {
    return turn.bootstraps < BOOTSTRAPS_A_TURN
      ? take({ ...turn, bootstraps: turn.bootstraps + 1, waiting: [], more: true }, { do: 'bootstrap' })
      : rest(turn);
  }
  let now = outcome.k === 'pulled' ? afterPull(turn, outcome) : turn;
  for (const scope of standing.damaged) now = want(now, { do: 'fetchScope', scope });
  const [first, ...others] = now.waiting;
  if (first !== undefined) return take({ ...now, waiting: others }, first);
  // What was fetched stands at the version of its segments.
  if (now.more || now.last === 'bootstrap' || now.last === 'fetchScope') return take(now, { do: 'pull' });
  switch (now.last) {
    case 'pull':
    case 'replay':
      return take(now, { do: 'complete' });
    case 'complete':
      return take(now, { do: 'compact' });
    default:
      return rest(now);
  }
}

function afterPull(turn: Turn, { pull, more }: Extract<Outcome, { k: 'pulled' }>): Turn {
  const wrong = new Set(pull.mismatched.map(({ scope }) => scope));
  // A scope that was fetched and fits now is trusted again.
  const repairs = Object.fromEntries(
    Object.entries(turn.repairs).filter(
      ([scope, { turnsLeft }]) => wrong.has(scope) || (turnsLeft > 0 && !turn.fetched.includes(scope)),
    ),
  );
  let now: Turn = { ...turn, repairs, more };
  if (pull.regained) now = want(now, { do: 'replay' });
  for (const scope of [...pull.gained, ...pull.stale]) now = want(now, { do: 'fetchScope', scope });
  for (const mismatch of pull.mismatched) {
    const { scope } = mismatch;
    const { times, turnsLeft } = now.repairs[scope] ?? { times: 0, turnsLeft: 0 };
    if (turnsLeft > 0 || now.fetched.includes(scope)) continue;
    const patience = { times: times + 1, turnsLeft: Math.min(2 ** times, MOST_TURNS_TO_WAIT) };
    now = want(
      { ...now, repairs: { ...now.repairs, [scope]: patience } },
      { do: 'fetchScope', scope, mismatch },
    );
  }
  return now;
}

/** Adds a move once; a scope is fetched at most once in a turn. */
function want(turn: Turn, move: Move): Turn {
  const isSame = (other: Move): boolean =>
    other.do === move.do &&
    (other.do !== 'fetchScope' || move.do !== 'fetchScope' || other.scope === move.scope);
  if (turn.waiting.some(isSame)) return turn;
  if (move.do === 'fetchScope' && turn.fetched.includes(move.scope)) return turn;
  return { ...turn, waiting: [...turn.waiting, move] };
}

function take(turn: Turn, move: Move): { move: Move; turn: Turn } {
  const fetched = move.do === 'fetchScope' ? [...turn.fetched, move.scope] : turn.fetched;
  return { move, turn: { ...turn, fetched, last: move.do } };
}

const rest = (turn: Turn): { move: Move; turn: Turn } => take(turn, { do: 'rest' });
