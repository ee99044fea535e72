import { describe, expect, it } from 'vitest';
import { aFailure, EngineWorld } from '#test/support/engine-world.ts';
import { uploadTryAt } from './sync-status.ts';

const inMs = (world: EngineWorld, blob: 'waiting' | 'refused'): number =>
  Date.parse(uploadTryAt(world.state, blob, world.nowMs)!) - world.nowMs;

describe('when an attachment is tried next', () => {
  it('[SY88] is now while all goes well, after the pause of the attachments, and behind the pause of the facts', () => {
    const world = new EngineWorld().start();
    world.blobs = 2;
    world.answer('hello').answer('push');
    expect(inMs(world, 'waiting')).toBe(0);
    world.fail('upload', aFailure('fault', { retryAfterMs: 5_000 }));
    expect(inMs(world, 'waiting')).toBe(Math.round(world.pauseOf('uploads')));
    expect(inMs(world, 'waiting')).toBeGreaterThanOrEqual(5_000);
    // What the server did not take comes again with the poll.
    expect(inMs(world, 'refused')).toBe(Math.round(world.pauseOf('main')));
    world.write();
    world.fail('push', aFailure('offline', { retryAfterMs: 90_000 }));
    expect(world.at).toBe('backingOff');
    expect(inMs(world, 'waiting')).toBe(Math.round(world.pauseOf('main')));
  });

  it('[SY88] is not said of one that is on its way, or waits for another network or for a person', () => {
    const world = new EngineWorld().start().settle();
    for (const state of ['sending', 'metered', 'missing'] as const)
      expect(uploadTryAt(world.state, state, world.nowMs)).toBeNull();
    world.send({ is: 'paused', isPaused: true });
    expect(uploadTryAt(world.state, 'waiting', world.nowMs)).toBeNull();
  });
});
