import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PullOutcome } from '../db/store.ts';
import { beginTurn, nextMove, type Move, type Outcome, type Repairs, type Standing } from './plan.ts';

const READY: Standing = { isBootstrapped: true, damaged: [] };
const EMPTY: Standing = { isBootstrapped: false, damaged: [] };
const QUIET: PullOutcome = { mismatched: [], gained: [], stale: [], regained: false };
const MISMATCH = { scope: 'region/sz', expected: '2:a', found: '1:b' };
const DONE: Outcome = { k: 'done' };
const pulled = (patch: Partial<PullOutcome> = {}, more = false): Outcome => ({
  k: 'pulled',
  more,
  pull: { ...QUIET, ...patch },
});
const fetchScope = (scope: string): Move => ({ do: 'fetchScope', scope });

/** The moves that the plan makes when they turn out so. */
function movesOf(
  standings: Standing | readonly Standing[],
  outcomes: readonly Outcome[],
  repairs: Repairs = {},
): { moves: Move[]; repairs: Repairs } {
  let turn = beginTurn(repairs);
  const moves: Move[] = [];
  for (const [index, outcome] of [{ k: 'began' } as Outcome, ...outcomes].entries()) {
    const standing = Array.isArray(standings) ? standings[Math.min(index, standings.length - 1)] : standings;
    const next = nextMove(turn, standing as Standing, outcome);
    moves.push(next.move);
    turn = next.turn;
  }
  return { moves, repairs: turn.repairs };
}
const names = (moves: readonly Move[]): string[] => moves.map((move) => move.do);

describe('[ST23] the plan', () => {
  it('pulls until there is no more, completes rows, packs, and rests', () => {
    const { moves } = movesOf(READY, [pulled({}, true), pulled(), DONE, DONE]);
    expect(names(moves)).toEqual(['pull', 'pull', 'complete', 'compact', 'rest']);
  });

  it('bootstraps an empty store before it pulls', () => {
    expect(names(movesOf([EMPTY, READY], [DONE, pulled()]).moves)).toEqual(['bootstrap', 'pull', 'complete']);
  });

  it('does not pull after a bootstrap that was cut short', () => {
    expect(names(movesOf(EMPTY, [{ k: 'failed' }]).moves)).toEqual(['bootstrap', 'rest']);
  });

  it('bootstraps anew under another epoch', () => {
    const { moves } = movesOf(READY, [{ k: 'otherEpoch' }, DONE, pulled()]);
    expect(names(moves)).toEqual(['pull', 'bootstrap', 'pull', 'complete']);
  });

  it('leaves a server alone that changes its epoch each time', () => {
    const again: Outcome = { k: 'otherEpoch' };
    const { moves } = movesOf(READY, [again, DONE, again, DONE, again, DONE, again]);
    expect(moves.at(-1)).toEqual({ do: 'rest' });
  });

  it('bootstraps again when a page that was fetched is gone', () => {
    expect(names(movesOf([EMPTY, EMPTY, READY], [{ k: 'pagesGone' }, DONE]).moves)).toEqual([
      'bootstrap',
      'bootstrap',
      'pull',
    ]);
  });

  it('takes nothing of an answer that was cut off, and none for the store that was lost meanwhile', () => {
    expect(names(movesOf(READY, [{ k: 'cutOff' }]).moves)).toEqual(['pull', 'rest']);
    expect(names(movesOf(READY, [{ k: 'storeLost' }]).moves)).toEqual(['pull', 'rest']);
  });

  it('a lost scope is taken away by the pull itself and needs no move', () => {
    expect(names(movesOf(READY, [pulled()]).moves)).toEqual(['pull', 'complete']);
  });

  it('fetches a large scope that was gained by segments, and reads the journal again for what is regained', () => {
    const { moves } = movesOf(READY, [
      pulled({ gained: ['region/gz'], regained: true }, true),
      DONE,
      DONE,
      pulled(),
    ]);
    expect(moves).toEqual([
      { do: 'pull' },
      { do: 'replay' },
      fetchScope('region/gz'),
      { do: 'pull' },
      { do: 'complete' },
    ]);
  });

  it('fetches a scope of which a page is damaged, once in a turn', () => {
    const damaged: Standing = { isBootstrapped: true, damaged: ['region/gz'] };
    const { moves } = movesOf(damaged, [DONE, pulled(), DONE]);
    expect(moves).toEqual([fetchScope('region/gz'), { do: 'pull' }, { do: 'complete' }, { do: 'compact' }]);
  });

  it('[ST13] repairs a scope once in a turn, and waits longer each time it did not help', () => {
    const bad = pulled({ mismatched: [MISMATCH] });
    let repairs: Repairs = {};
    const turnsWithRepair: number[] = [];
    for (let turn = 1; turn <= 20; turn++) {
      const result = movesOf(READY, [bad, DONE, bad, DONE], repairs);
      repairs = result.repairs;
      const count = result.moves.filter((move) => move.do === 'fetchScope').length;
      expect(count).toBeLessThan(2);
      if (count === 1) turnsWithRepair.push(turn);
    }
    expect(turnsWithRepair).toEqual([1, 2, 4, 8, 16]);
  });

  it('[ST13] trusts a scope again that fits after its repair', () => {
    const { moves, repairs } = movesOf(READY, [pulled({ mismatched: [MISMATCH] }), DONE, pulled()]);
    expect(moves[1]).toEqual({ ...fetchScope('region/sz'), mismatch: MISMATCH });
    expect(repairs).toEqual({});
  });

  it('ends whatever happens, as long as the server has no more to give', () => {
    const scope = fc.constantFrom('a', 'b');
    const outcome = fc.oneof(
      fc.constant(DONE),
      fc.constant<Outcome>({ k: 'otherEpoch' }),
      fc.constant<Outcome>({ k: 'pagesGone' }),
      fc
        .record({
          mismatched: fc.array(
            scope.map((name) => ({ ...MISMATCH, scope: name })),
            { maxLength: 2 },
          ),
          gained: fc.array(scope, { maxLength: 2 }),
          stale: fc.array(scope, { maxLength: 2 }),
          regained: fc.constant(false),
        })
        .map((pull): Outcome => pulled(pull)),
    );
    fc.assert(
      fc.property(
        fc.array(outcome, { minLength: 60, maxLength: 60 }),
        fc.boolean(),
        (outcomes, isBootstrapped) => {
          // A pull turns out as a pull does, everything else is done.
          let turn = beginTurn({});
          let last: Outcome = { k: 'began' };
          let steps = 0;
          for (const drawn of outcomes) {
            const next = nextMove(turn, { isBootstrapped, damaged: ['a'] }, last);
            turn = next.turn;
            if (next.move.do === 'rest') break;
            const isPull = next.move.do === 'pull';
            last = isPull === (drawn.k === 'pulled') ? drawn : isPull ? pulled() : DONE;
            steps++;
          }
          expect(steps).toBeLessThan(40);
        },
      ),
    );
  });
});
