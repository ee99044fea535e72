import { describe, expect, it } from 'vitest';
import { type ClockEvidence, wallClockChange } from './clock-evidence.ts';

const HOUR = 3600_000;
const before: ClockEvidence = { wallMs: 1_000 * HOUR, monotonicMs: 5 * HOUR, bootId: 'a' };
const anHourLater = (parts: Partial<ClockEvidence>): ClockEvidence => ({
  wallMs: before.wallMs + HOUR,
  monotonicMs: before.monotonicMs + HOUR,
  bootId: 'a',
  ...parts,
});

describe('the evidence for a time', () => {
  it('[S9] is steady where wall clock and monotonic clock moved alike', () => {
    expect(wallClockChange(before, anHourLater({ wallMs: before.wallMs + HOUR + 900 }), 1000)).toEqual({
      kind: 'steady',
    });
  });

  it('[S9] shows a wall clock that was set back', () => {
    const later = anHourLater({ wallMs: before.wallMs - HOUR });
    expect(wallClockChange(before, later, 1000)).toEqual({ kind: 'movedBack', byMs: 2 * HOUR });
  });

  it('[S9] cannot tell a clock set ahead from sleep without the server', () => {
    const later = anHourLater({ wallMs: before.wallMs + 3 * HOUR });
    expect(wallClockChange(before, later, 1000)).toEqual({ kind: 'sleptOrMovedForward', byMs: 2 * HOUR });
  });

  it('[S9] tells them apart by the offset to the server, even over a restart', () => {
    const known = { ...before, offsetMs: 500 };
    const later = anHourLater({ wallMs: before.wallMs + 3 * HOUR, bootId: 'b', offsetMs: 500 - 2 * HOUR });
    expect(wallClockChange(known, later, 1000)).toEqual({ kind: 'movedForward', byMs: 2 * HOUR });
    expect(wallClockChange(known, { ...later, offsetMs: 700 }, 1000)).toEqual({ kind: 'steady' });
  });

  it('[S9] does not call a finding what two measurements left open', () => {
    const known = { ...before, offsetMs: 500, uncertaintyMs: 2_000 };
    const later = anHourLater({ offsetMs: 4_000, uncertaintyMs: 900 });
    expect(wallClockChange(known, later, 1000)).toEqual({ kind: 'steady' });
    const set = wallClockChange(known, { ...later, offsetMs: 5_000 }, 1000);
    expect(set).toEqual({ kind: 'movedBack', byMs: 4_500 });
  });

  it('[S9] says nothing over a restart when no server was asked', () => {
    expect(wallClockChange(before, anHourLater({ bootId: 'b' }), 1000)).toEqual({ kind: 'unknown' });
  });
});
